package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
    assertThat(completions(script, "holdfast", "kubernetes", "manifest", "cl")).contains("client");
  }

  /** A real zsh at a terminal of its own: two words are begun, Tab ends them, Return runs them. */
  @Test
  void zshCompletesCommandsAndOptionsAtTheTabKey() throws Exception {
    Path script = write(CommandRun.of("completion", "zsh"));
    Path session =
        Files.writeString(
            scratch.resolve("session.zsh"),
            """
            zmodload zsh/zpty
            zpty shell zsh -f -i
            zpty -w shell 'autoload -U compinit && compinit -u -D; source %s'
            zpty -w shell 'holdfast() { print "GOT[$*]" }; print READY$((1 + 1))'
            zpty -r -m shell output '*READY2*'
            zpty -w shell $'holdfast reg\\t--regi\\t'
            zpty -r -m shell output '*GOT\\[*\\]*'
            print -r -- "$output"
            zpty -d shell
            """
                .formatted(script));

    assertThat(output("zsh", "-f", session.toString())).contains("GOT[register --registry]");
  }

  @Test
  void fishCompletesCommandsOptionsAndValues() throws Exception {
    Path script = write(CommandRun.of("completion", "fish"));

    assertThat(fish(script, "holdfast re")).contains("register", "resolve");
    assertThat(fish(script, "holdfast run --re")).contains("--registry");
    assertThat(fish(script, "holdfast --json etcd ro")).contains("role");
    assertThat(fish(script, "holdfast kubernetes manifest cl")).contains("client");
    assertThat(fish(script, "holdfast completion ")).contains("bash", "zsh", "fish");
  }

  /** A command's name as the value of an option is no command. */
  @Test
  void fishKnowsTheValuesOfOptions() throws Exception {
    Path script = write(CommandRun.of("completion", "fish"));

    assertThat(fish(script, "holdfast run --zone etcd ro")).doesNotContain("role");
    assertThat(fish(script, "holdfast run --zone etcd --se")).contains("--service");
  }

  @Test
  void fishOffersFilesWhereAFileIsExpected() throws Exception {
    Path script = write(CommandRun.of("completion", "fish"));
    Files.writeString(scratch.resolve("gateway.yaml"), "");

    assertThat(fish(script, "holdfast gateway --config " + scratch + "/gate"))
        .anyMatch(file -> file.endsWith("gateway.yaml"));
    assertThat(fish(script, "holdfast gateway --listen " + scratch + "/gate")).isEmpty();
  }

  @Test
  void otherShellsAreRefusedInWords() {
    CommandRun tcsh = CommandRun.of("completion", "tcsh");

    assertThat(tcsh.code()).isEqualTo(ExitCode.USAGE);
    assertThat(tcsh.err()).contains("completion: \"tcsh\" (expected: bash, zsh or fish)");
  }

  private Path write(CommandRun run) throws IOException {
    assertThat(run.code()).isZero();
    return Files.writeString(scratch.resolve("completion.sh"), run.out());
  }

  private static String completions(Path script, String... words) throws Exception {
    String line =
        "source %s; COMP_WORDS=(%s); COMP_CWORD=%d; _complete_holdfast; echo ${COMPREPLY[*]}"
            .formatted(script, String.join(" ", words), words.length - 1);
    return output("bash", "-c", line);
  }

  /** What fish offers for a line, without the descriptions behind a tabulator. */
  private static List<String> fish(Path script, String line) throws Exception {
    String offered =
        output("fish", "--no-config", "-c", "source " + script + "; complete -C '" + line + "'");
    return offered.lines().map(each -> each.split("\t", 2)[0]).toList();
  }

  /** A shell that is missing fails the test: ./verify installs them. */
  private static String output(String... command) throws Exception {
    Process shell = new ProcessBuilder(command).redirectErrorStream(true).start();
    return new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
