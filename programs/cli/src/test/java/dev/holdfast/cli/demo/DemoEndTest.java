package dev.holdfast.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.cli.HoldfastCommand;
import dev.holdfast.lab.process.JavaCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** However a run of the demo ends in the middle of its story, nothing of it stays. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
@Execution(ExecutionMode.CONCURRENT)
@Tag("ci")
class DemoEndTest {
  private static final int PROCESSES_AT_LEAST = 5; // three instances, the gateway and the caretaker
  private static final String IN_THE_STORY = "step 1/6";
  private static final int LIMIT_SECONDS = 120;
  private static final Map<String, Integer> CODE_OF_SIGNAL =
      Map.of("INT", 130, "KILL", 137, "TERM", 143);

  @TempDir Path temporary;

  /** With an etcd there is one process more than without. */
  @Test
  void ctrlCEndsEveryProcessAndRemovesTheFolder() throws Exception {
    nothingStaysAfter("INT", "etcd:start");
  }

  @Test
  void sigtermEndsEveryProcessAndRemovesTheFolder() throws Exception {
    nothingStaysAfter("TERM", "file");
  }

  @Test
  void sigkillLeavesNoProcessAndNoFolderBehindEither() throws Exception {
    nothingStaysAfter("KILL", "etcd:start");
  }

  private void nothingStaysAfter(String signal, String registry) throws Exception {
    Process demo = startDemo(registry);
    List<String> output = new ArrayList<>();
    try (BufferedReader lines = demo.inputReader(StandardCharsets.UTF_8)) {
      String line = lines.readLine();
      while (line != null && !line.startsWith(IN_THE_STORY)) {
        output.add(line);
        line = lines.readLine();
      }
      assertThat(line).as("the story begins; before it: %s", output).isNotNull();
      List<ProcessHandle> started = demo.descendants().toList();
      assertThat(started).hasSizeGreaterThanOrEqualTo(PROCESSES_AT_LEAST);
      if (registry.equals("file")) {
        assertThat(answerOf(output)).contains("\"id\":\"7\"", "\"servedBy\":{\"instance\":\"i");
      }
      assertThat(scratchFolders()).isNotEmpty();
      assertThat(send(signal, demo)).isZero();
      assertThat(demo.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).as("ended in time").isTrue();
      assertThat(demo.exitValue())
          .as("as of any program that SIG%s ended", signal)
          .isEqualTo(CODE_OF_SIGNAL.get(signal));
      await()
          .atMost(LIMIT_SECONDS, TimeUnit.SECONDS)
          .untilAsserted(
              () -> {
                assertThat(started).filteredOn(DemoEndTest::runs).isEmpty();
                assertThat(scratchFolders()).isEmpty();
              });
      List<String> after = lines.lines().toList();
      assertThat(after).noneMatch(l -> l.contains("FAILED") || l.startsWith("RESULT"));
    } finally {
      demo.descendants().forEach(ProcessHandle::destroyForcibly);
      demo.destroyForcibly();
    }
  }

  /** What the line that the demo shows for a shell prints. */
  private static String answerOf(List<String> output) throws Exception {
    String line =
        output.stream().filter(said -> said.strip().startsWith("curl ")).findFirst().get();
    Process shell =
        new ProcessBuilder("sh", "-c", line + " --silent --show-error --max-time " + LIMIT_SECONDS)
            .redirectErrorStream(true)
            .start();
    try (BufferedReader lines = shell.inputReader(StandardCharsets.UTF_8)) {
      return String.join("\n", lines.lines().toList());
    }
  }

  private static int send(String signal, Process process) throws Exception {
    return new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
  }

  private Process startDemo(String registry) throws IOException {
    // A script's background jobs ignore SIGINT and pass that on to all their children.
    List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT,TERM"));
    command.addAll(
        JavaCommand.of(
            HoldfastCommand.class,
            List.of("-Djava.io.tmpdir=" + temporary),
            List.of("demo", "--registry", registry)));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    // For the processes that it starts, too.
    builder.environment().put("JAVA_TOOL_OPTIONS", String.join(" ", JavaCommand.FAST_START));
    return builder.start();
  }

  private List<Path> scratchFolders() throws IOException {
    try (Stream<Path> files = Files.list(temporary)) {
      return files.filter(f -> f.getFileName().toString().startsWith("holdfast-demo-")).toList();
    }
  }

  /** A zombie that nobody waits for in this container has no command any more. */
  private static boolean runs(ProcessHandle process) {
    return process.isAlive() && process.info().command().isPresent();
  }
}
