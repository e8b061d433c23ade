package dev.holdfast.testrunner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunKeysTest {
  private static final List<String> INPUTS = List.of("docs/**");

  @TempDir Path folder;
  private SmallRepository repository;
  private Path third;

  @BeforeEach
  void repository() throws IOException {
    repository = new SmallRepository(folder);
    repository.room("a", "no", "docs/**");
    repository.room("b", "no", "-");
    repository.write("docs/page.md", "page");
    repository.write("README.md", "readme");
    third = Files.writeString(folder.resolve("third-1.jar"), "jar");
    repository.write(
        "rooms/a/target/test-classpath",
        repository.root().resolve("rooms/b/target/b-1.jar") + ":" + third);
  }

  private String key() throws IOException {
    return key(Map.of());
  }

  private String key(Map<String, String> environment) throws IOException {
    TestedJdk jdk = new TestedJdk("17", repository.jdk(), Map.of());
    RoomRun run = new RoomRun(new TestedRoom("a", "rooms/a", false, false, INPUTS), jdk);
    repository.write("own/TestRunner.class", "own");
    Path own = repository.root().resolve("own");
    RoomCommand command =
        RoomCommand.of(run, repository.root(), "target", new SurefirePom(repository.root()), own);
    return new RunKeys(repository.root(), environment).of(run, command);
  }

  @Test
  void keyIsTheSameWhenNothingChanged() throws IOException {
    assertThat(key()).isEqualTo(key()).matches("[0-9a-f]{64}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rooms/a/target/classes/A.class",
        "rooms/a/target/classes/New.class",
        "rooms/a/target/test-classes/dev/holdfast/a/ATest.class",
        "rooms/b/target/classes/A.class",
        "docs/page.md",
        "docs/new/page.md",
        "testing/log.xml",
        "jdk/release"
      })
  void keyCovers(String path) throws IOException {
    String before = key();
    repository.write(path, "changed");
    assertThat(key()).isNotEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "README.md",
        "rooms/b/target/test-classes/dev/holdfast/b/ATest.class",
        "rooms/a/target/tests-on-17/db",
        "docs/target/page.md",
        "rooms/a/src/test/java/dev/holdfast/a/ATest.java"
      })
  void keyLeavesOut(String path) throws IOException {
    String before = key();
    repository.write(path, "changed");
    assertThat(key()).isEqualTo(before);
  }

  @Test
  void keyCoversThirdParties() throws IOException {
    String before = key();
    Files.writeString(third, "another");
    assertThat(key()).isNotEqualTo(before);
  }

  @Test
  void keyCoversTheSettingsOfSurefire() throws IOException {
    String before = key();
    repository.write("pom.xml", SmallRepository.POM.replace("120 s", "60 s"));
    assertThat(key()).isNotEqualTo(before);
  }

  @Test
  void keyCoversClassesThatAreGone() throws IOException {
    String before = key();
    Files.delete(repository.root().resolve("rooms/b/target/classes/A.class"));
    assertThat(key()).isNotEqualTo(before);
  }

  @Test
  void keyCoversHoldfastsVariablesAndNoOthers() throws IOException {
    String before = key();
    assertThat(key(Map.of("HOLDFAST_WITHOUT_GO", "1"))).isNotEqualTo(before);
    assertThat(key(Map.of("LINES", "24"))).isEqualTo(before);
  }

  @Test
  void keyCoversTheServersOfTests() throws IOException {
    Map<String, String> path = Map.of("PATH", folder.resolve("bin").toString());
    String without = key(path);
    Files.createDirectory(folder.resolve("bin"));
    Path etcd = Files.writeString(folder.resolve("bin/etcd"), "3.4");
    Files.setPosixFilePermissions(etcd, PosixFilePermissions.fromString("rwxr-xr-x"));
    String old = key(path);
    Files.writeString(etcd, "3.4 and a fix");

    assertThat(old).isNotEqualTo(without);
    assertThat(key(path)).isNotEqualTo(old);
  }
}
