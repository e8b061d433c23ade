package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompletionCommandTest {
  @TempDir private Path scratch;

  @Test
  void bashCompletesCommandsAndOptions() throws Exception {
    Path script = write(CommandRun.of("completion", "bash"));

    assertThat(completions(script, "holdfast", "re")).contains("register", "resolve");
    assertThat(completions(script, "holdfast", "run", "--re")).contains("--registry");
    assertThat(completions(script, "holdfast", "etcd", "ro")).contains("role");
  }

  @Test
  void zshGetsTheSameScriptWhichSwitchesItsBashModeOn() {
    assertThat(CommandRun.of("completion", "zsh").out()).contains("bashcompinit");
  }

  private Path write(CommandRun run) throws IOException {
    assertThat(run.code()).isZero();
    return Files.writeString(scratch.resolve("completion.sh"), run.out());
  }

  private static String completions(Path script, String... words) throws Exception {
    String line =
        "source %s; COMP_WORDS=(%s); COMP_CWORD=%d; _complete_holdfast; echo ${COMPREPLY[*]}"
            .formatted(script, String.join(" ", words), words.length - 1);
    Process bash = new ProcessBuilder("bash", "-c", line).redirectErrorStream(true).start();
    return new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
