package dev.holdfast.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.cli.Holdfast;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** However a run of the demo ends in the middle of its story, nothing of it stays. */
class DemoEndTest {
  private static final int PROCESSES_AT_LEAST = 4; // three instances and the caretaker
  private static final String IN_THE_STORY = "step 1/5";

  @TempDir Path temporary;

  @Test
  void ctrlCOrSigtermEndsEveryProcessAndRemovesTheFolder() throws IOException {
    nothingStaysAfter("file", ProcessHandle::destroy);
  }

  @Test
  void sigtermEndsTheEtcdToo() throws IOException {
    nothingStaysAfter("etcd:start", ProcessHandle::destroy);
  }

  @Test
  void sigkillLeavesNoProcessAndNoFolderBehindEither() throws IOException {
    nothingStaysAfter("file", ProcessHandle::destroyForcibly);
  }

  @Test
  void sigkillEndsTheEtcdToo() throws IOException {
    nothingStaysAfter("etcd:start", ProcessHandle::destroyForcibly);
  }

  private void nothingStaysAfter(String registry, Consumer<ProcessHandle> signal)
      throws IOException {
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
      assertThat(scratchFolders()).isNotEmpty();
      signal.accept(demo.toHandle());
      await()
          .atMost(40, TimeUnit.SECONDS)
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

  private Process startDemo(String registry) throws IOException {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Djava.io.tmpdir=" + temporary,
            "-cp",
            System.getProperty("java.class.path"),
            Holdfast.class.getName(),
            "demo",
            "--registry",
            registry);
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
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
