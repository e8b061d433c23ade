package dev.holdfast.testrunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunnerOptionsTest {
  @TempDir Path folder;
  private SmallRepository repository;

  @BeforeEach
  void repository() throws IOException {
    repository = new SmallRepository(folder);
  }

  @Test
  void defaultsAreThoseOfVerify() {
    RunnerOptions options = RunnerOptions.parse(repository.arguments());

    assertThat(options.atOnce()).isEqualTo(2);
    assertThat(options.waitingAtOnce()).isEqualTo(2);
    assertThat(options.target()).isEqualTo("target");
    assertThat(options.all()).isFalse();
    assertThat(options.rooms()).isEmpty();
    assertThat(options.secondJdk()).isEmpty();
    assertThat(options.jdk().version()).isEqualTo("17");
  }

  @Test
  void propertiesAreThoseOfBothJdks() {
    String jdk = "25=" + repository.jdk();
    RunnerOptions options =
        RunnerOptions.parse(
            repository.arguments(
                "--property", "a=b", "--second-jdk", jdk, "--second-property", "c=d"));

    assertThat(options.jdk().systemProperties()).isEqualTo(Map.of("a", "b"));
    assertThat(options.secondJdk())
        .hasValueSatisfying(
            second -> assertThat(second.systemProperties()).isEqualTo(Map.of("a", "b", "c", "d")));
  }

  @Test
  void secondJdkHasItsProperties() {
    String jdk = "25=" + repository.jdk();
    RunnerOptions options =
        RunnerOptions.parse(
            repository.arguments("--second-jdk", jdk, "--second-property", "schedules=1500"));

    assertThat(options.secondJdk())
        .hasValueSatisfying(
            second -> assertThat(second.systemProperties()).isEqualTo(Map.of("schedules", "1500")));
    assertThat(options.jdk().systemProperties()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "--at-once 0, --at-once: 0 (expected: 1 to 64)",
    "--at-once 65, --at-once: 65 (expected: 1 to 64)",
    "--at-once two, --at-once: two (expected: 1 to 64)",
    "--at-once, --at-once: no value (expected: one)",
    "--waiting-at-once 0, --waiting-at-once: 0 (expected: 1 to 64)",
    "--all --al, --al: unknown (expected: an option)",
    "--root ., --root: given twice (expected: once)",
    "--property a, --property: a (expected: with a = inside)",
    "--second-property a, --second-property: a (expected: with a = inside)",
    "--second-jdk 25, --second-jdk: 25 (expected: with a = inside)",
    "--variant a, '--variant: a (expected: ROOM:PROPERTY=VALUE, of letters, digits, dots and -)'",
    "--variant a:b=/, '--variant: a:b=/ (expected: ROOM:PROPERTY=VALUE, of letters, digits, dots"
        + " and -)'",
    "--second-jdk 25=., '--second-jdk: 25=. (expected: VERSION=HOME of a JDK, with bin/java and"
        + " release)'"
  })
  void wrongArgumentIsNamed(String words, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RunnerOptions.parse(repository.arguments(words.split(" ", -1))))
        .withMessage(message);
  }

  @ParameterizedTest
  @CsvSource({"--root", "--logs", "--jdk"})
  void missingOptionIsNamed(String name) {
    List<String> args = new ArrayList<>(repository.arguments());
    int at = args.indexOf(name);
    args.remove(at);
    args.remove(at);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> RunnerOptions.parse(args))
        .withMessage(name + ": missing (expected: given)");
  }

  @Test
  void rootIsARepository() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RunnerOptions.parse(List.of("--root", folder + "/none")))
        .withMessage("--root: " + folder + "/none (expected: with a pom.xml)");
  }
}
