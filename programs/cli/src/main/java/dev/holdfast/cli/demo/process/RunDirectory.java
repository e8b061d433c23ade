package dev.holdfast.cli.demo.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The scratch folder of one run: registry, logs, an etcd's data. The folder is removed with the
 * run.
 *
 * <p>That holds even when this process is killed. A small shell waits for the end of a pipe that
 * only this process holds. The shell then kills the processes whose ids stand in {@code *.pid}
 * files here and whose command line names this folder, and removes the folder. Instances watch a
 * pipe of their own.
 */
public final class RunDirectory implements AutoCloseable {
  /** Removes its folder when standard input ends. Ctrl-C reaches it too and must not end it. */
  private static final String CLEANUP_SCRIPT =
      """
      trap '' INT TERM HUP
      cat >/dev/null
      for file in "$1"/*.pid; do
        read -r pid <"$file" || continue
        if [ -r "/proc/$pid/cmdline" ]; then
          grep -qF -- "$1" "/proc/$pid/cmdline" || continue
        fi
        kill -9 "$pid"
      done 2>/dev/null
      rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }
      """;

  private static final long CARETAKER_MILLIS = 5_000;

  private final Path directory;
  private final Process cleaner;

  private RunDirectory(Path directory, Process caretaker) {
    this.directory = directory;
    this.cleaner = caretaker;
  }

  /**
   * Makes a new, empty folder below the system's folder for temporary files.
   *
   * @throws IOException when that can't be written, or there is no shell
   */
  static RunDirectory create() throws IOException {
    Path directory = Files.createTempDirectory("holdfast-demo-").toRealPath();
    Files.createDirectory(directory.resolve("logs"));
    Process caretaker =
        new ProcessBuilder("/bin/sh", "-c", CLEANUP_SCRIPT, "sh", directory.toString())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    return new RunDirectory(directory, caretaker);
  }

  public Path directory() {
    return directory;
  }

  /** The folder of the instances' log files. */
  public Path logs() {
    return directory.resolve("logs");
  }

  /** Writes down a process that must not outlive this one; an earlier one of that name is over. */
  public void recordPid(String name, long pid) throws IOException {
    Files.writeString(directory.resolve(name + ".pid"), pid + "\n");
  }

  /** Moves the logs, if there are any, to a folder that stays. */
  public Optional<Path> keepLogs() throws IOException {
    try (Stream<Path> written = Files.list(logs())) {
      if (written.findAny().isEmpty()) {
        return Optional.empty();
      }
    }
    Path kept = directory.resolveSibling(directory.getFileName() + "-logs");
    return Optional.of(Files.move(logs(), kept));
  }

  /** Removes the folder, and waits for the shell that watches this process. */
  @Override
  public void close() throws IOException, InterruptedException {
    remove(directory);
    cleaner.getOutputStream().close();
    if (!cleaner.waitFor(CARETAKER_MILLIS, TimeUnit.MILLISECONDS)) {
      cleaner.destroyForcibly();
    }
  }

  /** Removes a folder and all in it; whatever disappears meanwhile is gone anyway. */
  public static void remove(Path folder) throws IOException {
    List<Path> deepestFirst;
    try (Stream<Path> paths = Files.walk(folder)) {
      deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
    } catch (NoSuchFileException e) {
      return;
    }
    for (Path path : deepestFirst) {
      Files.deleteIfExists(path);
    }
  }
}
