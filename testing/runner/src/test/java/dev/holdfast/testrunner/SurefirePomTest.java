package dev.holdfast.testrunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SurefirePomTest {
  private static final Path ROOT = Path.of(System.getProperty("holdfast.root", "../.."));
  private static final Map<String, String> REPORTS = Map.of("holdfast.test.reports", "on-17");

  @TempDir Path folder;
  private SmallRepository repository;

  @BeforeEach
  void repository() throws IOException {
    repository = new SmallRepository(folder);
    repository.room("a", "no", "-");
  }

  private SurefireSettings settings() throws IOException {
    return new SurefirePom(repository.root()).of("rooms/a", REPORTS);
  }

  @Test
  void settingsAreThoseOfTheParent() throws IOException {
    String root = repository.root().toString();
    SurefireSettings settings = settings();

    assertThat(settings.jvmArgs())
        .containsExactly(
            "-Da=b",
            "-XX:HeapDumpPath=" + root + "/rooms/a/target",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC");
    assertThat(settings.systemProperties())
        .isEqualTo(
            Map.of(
                "holdfast.root", root,
                "log", root + "/testing/log.xml",
                "jqwik.database", root + "/rooms/a/target/on-17/db"));
    assertThat(settings.parameters())
        .isEqualTo(Map.of("junit.parallel", "false", "junit.timeout", "120 s"));
    assertThat(settings.limit()).isEqualTo(Duration.ofMinutes(20));
  }

  @Test
  void moduleHasItsOwnProperties() throws IOException {
    repository.write(
        "rooms/a/pom.xml",
        """
        <project><properties>
          <holdfast.test.parallel>true</holdfast.test.parallel>
          <holdfast.test.jvmArgs>-XX:+UseSerialGC</holdfast.test.jvmArgs>
        </properties></project>
        """);

    assertThat(settings().parameters()).containsEntry("junit.parallel", "true");
    assertThat(settings().jvmArgs()).doesNotContain("-XX:TieredStopAtLevel=1").hasSize(3);
  }

  @ParameterizedTest
  @CsvSource({
    "<argLine>, <skipTests>true</skipTests><argLine>, skipTests (expected: one of",
    "${project.build.directory}, ${project.reporting}, ${project.reporting}: unknown (expected:",
    "false</holdfast.test.parallel>, ${holdfast.test.parallel}</holdfast.test.parallel>, (expected:"
        + " no circle of properties)",
    "maven-surefire-plugin, maven-failsafe-plugin, 0 times surefire (expected: once",
    "argLine>, args>, surefire's args (expected: one of"
  })
  void unknownSettingIsRefused(String before, String after, String message) throws IOException {
    repository.write("pom.xml", SmallRepository.POM.replace(before, after));

    assertThatIllegalStateException().isThrownBy(this::settings).withMessageContaining(message);
  }

  @Test
  void moduleMayNotConfigureSurefire() throws IOException {
    repository.write(
        "rooms/a/pom.xml",
        """
        <project><build><plugins><plugin>
          <artifactId>maven-surefire-plugin</artifactId>
        </plugin></plugins></build></project>
        """);

    assertThatIllegalStateException()
        .isThrownBy(this::settings)
        .withMessage("rooms/a/pom.xml: surefire (expected: configured in the parent pom only)");
  }

  @Test
  void thisRepositorysPomsAreUnderstood() throws IOException {
    SurefirePom pom = new SurefirePom(ROOT);
    for (TestedRoom room : TestedRoom.read(ROOT.resolve("testing/runner/rooms.txt"))) {
      SurefireSettings settings = pom.of(room.folder(), Map.of());
      assertThat(settings.jvmArgs()).contains("-Dio.netty.leakDetection.level=simple");
      assertThat(settings.parameters())
          .containsEntry("junit.jupiter.execution.timeout.testable.method.default", "900 s");
      assertThat(settings.systemProperties())
          .containsKeys("holdfast.root", "logback.configurationFile", "jqwik.database");
    }
  }
}
