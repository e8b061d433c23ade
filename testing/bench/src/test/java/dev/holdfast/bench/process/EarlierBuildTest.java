package dev.holdfast.bench.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EarlierBuildTest {
  @TempDir Path clone;

  @Test
  void programsRunWithItsClasses() throws Exception {
    Path build = Files.createDirectories(clone.resolve(".holdfast/app/current"));
    Files.writeString(build.resolve("bench.cp"), "/a.jar:/b.jar\n");

    assertThat(
            EarlierBuild.in(clone.toString())
                .orElseThrow()
                .command(List.of("java", "-Xmx1g", "-cp", "/ours.jar", "Main", "-cp")))
        .containsExactly("java", "-Xmx1g", "-cp", "/a.jar:/b.jar", "Main", "-cp");
  }

  @Test
  void withoutAVariableThereIsNone() {
    assertThat(EarlierBuild.in(null)).isEmpty();
    assertThat(EarlierBuild.in("")).isEmpty();
  }

  @Test
  void aCloneInWhichNothingWasBuiltIsNamed() {
    assertThatThrownBy(() -> EarlierBuild.in(clone.toString()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("HOLDFAST_EARLIER: " + clone)
        .hasMessageContaining("(expected: a clone with");
  }
}
