package dev.holdfast.testrunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.testrunner.Smoke.Load;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SmokeTest {
  @TempDir Path folder;

  private List<Smoke> read(String... lines) throws IOException {
    return Smoke.read(Files.write(folder.resolve("list"), List.of(lines)));
  }

  @Test
  void rowsAreReadInTheirOrder() throws IOException {
    assertThat(
            read(
                "# a comment",
                "",
                "two | light | 60 | bench/run two --quick",
                "one|heavy|5|true",
                "three | waiting | 5 | true"))
        .containsExactly(
            new Smoke(
                "two", Load.LIGHT, Duration.ofSeconds(60), List.of("bench/run", "two", "--quick")),
            new Smoke("one", Load.HEAVY, Duration.ofSeconds(5), List.of("true")),
            new Smoke("three", Load.WAITING, Duration.ofSeconds(5), List.of("true")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a | heavy | 60",
        "a | big | 60 | true",
        "a | heavy | 0 | true",
        "a | heavy | 1 m | true",
        "a | heavy | 60 |",
        " | heavy | 60 | true"
      })
  void wrongRowIsNamedWithItsPlace(String row) {
    assertThatThrownBy(() -> read("# first", row))
        .hasMessageContaining("list:2: " + row.strip())
        .hasMessageContaining("(expected: name | heavy, light or waiting | seconds | command)");
  }

  @Test
  void nameOccursOnce() {
    assertThatThrownBy(() -> read("a | light | 1 | true", "a | light | 1 | false"))
        .hasMessageContaining("list:2: a (expected: each smoke once)");
  }

  @Test
  void listWithoutRowsIsRefused() {
    assertThatThrownBy(() -> read("# nothing")).hasMessageContaining("no smoke");
  }

  @Test
  void repositorysListIsValid() throws IOException {
    Path root = Path.of(System.getProperty("holdfast.root", "..")).toAbsolutePath();

    assertThat(Smoke.read(root.resolve("testing/runner/smokes.txt")))
        .isNotEmpty()
        .allSatisfy(smoke -> assertThat(root.resolve(smoke.words().get(0))).isExecutable());
  }
}
