package dev.holdfast.testrunner;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** A program of the operating system. Its standard output and its errors go to one log. */
final class CommandProcess {
  private static final Set<CommandProcess> RUNNING = ConcurrentHashMap.newKeySet();
  private static volatile boolean ending;

  private final Process process;

  private CommandProcess(Process process) {
    this.process = process;
  }

  /**
   * Starts a program without input.
   *
   * @param environment variables besides those of this program
   */
  static CommandProcess start(
      List<String> words, Map<String, String> environment, Path directory, Path log)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(words)
            .directory(directory.toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().putAll(environment);
    CommandProcess started = new CommandProcess(builder.start());
    RUNNING.add(started);
    if (ending) {
      started.kill();
    }
    return started;
  }

  /** Ends all programs that run, and those that begin later; for the end of this program. */
  static void killAll() {
    ending = true;
    RUNNING.forEach(CommandProcess::kill);
  }

  long pid() {
    return process.pid();
  }

  /** Whether the program ended within the limit. */
  boolean waitFor(Duration limit) throws InterruptedException {
    boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
    if (ended) {
      RUNNING.remove(this);
    }
    return ended;
  }

  /** The exit code of a program that ended. */
  int exitCode() {
    return process.exitValue();
  }

  /** Asks the program and those that it started to end (SIGTERM). */
  void terminate() {
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
  }

  /** Ends the program and those that it started. */
  void kill() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    RUNNING.remove(this);
  }
}
