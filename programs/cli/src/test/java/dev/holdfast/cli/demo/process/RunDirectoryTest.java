package dev.holdfast.cli.demo.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.lab.process.JavaCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RunDirectoryTest {

  @Test
  void theFolderGoesAwayAndTheLogsOnlyWhenNobodyKeepsThem() throws Exception {
    Path directory;
    Path kept;
    try (RunDirectory runDirectory = RunDirectory.create()) {
      directory = runDirectory.directory();
      Files.writeString(runDirectory.logs().resolve("i1.log"), "a line\n");
      kept = runDirectory.keepLogs().orElseThrow();
    }
    assertThat(directory).doesNotExist();
    assertThat(kept.resolve("i1.log")).hasContent("a line\n");
    RunDirectory.remove(kept);
  }

  @Test
  void afterAKillOfTheParentNoProcessAndNoFolderStays() throws Exception {
    Process parent =
        new ProcessBuilder(JavaCommand.of(Orphan.class, List.of(), List.of()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader lines = parent.inputReader(StandardCharsets.UTF_8)) {
      Path directory = Path.of(lines.readLine());
      long child = Long.parseLong(lines.readLine());
      assertThat(directory).isDirectory();
      assertThat(isAlive(child)).isTrue();
      parent.destroyForcibly();
      await()
          .atMost(60, TimeUnit.SECONDS)
          .untilAsserted(
              () -> {
                assertThat(isAlive(child)).isFalse();
                assertThat(directory).doesNotExist();
              });
    } finally {
      parent.destroyForcibly();
    }
  }

  private static boolean isAlive(long pid) {
    Optional<ProcessHandle> process = ProcessHandle.of(pid);
    // A zombie that nobody waits for in this container is dead all the same.
    return process.isPresent() && process.get().info().command().isPresent();
  }

  /** Makes a scratch folder and a process beside it, says where they are, and waits for its end. */
  static final class Orphan {
    public static void main(String[] args) throws IOException, InterruptedException {
      RunDirectory runDirectory = RunDirectory.create();
      List<String> command =
          List.of("/bin/sh", "-c", "sleep 300; exit 0", runDirectory.directory().toString());
      Process child = new ProcessBuilder(command).start();
      runDirectory.recordPid("etcd", child.pid());
      System.out.println(runDirectory.directory());
      System.out.println(child.pid());
      System.out.flush();
      child.waitFor();
    }
  }
}
