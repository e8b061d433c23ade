package dev.holdfast.cli.run;

import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.UserError;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The child process of {@code holdfast run}, which inherits the standard streams. */
final class ChildProcess {
  @Limit(
      of = "seconds that sending a signal to the program may take",
      then = "Java's own way to end it is taken")
  private static final int KILL_LIMIT_SECONDS = 10;

  private final Process process;

  private ChildProcess(Process process) {
    this.process = process;
  }

  /**
   * Starts the program with the standard streams of this process.
   *
   * @throws UserError with a shell's exit codes when the program is missing or may not be executed
   */
  static ChildProcess start(List<String> command) {
    try {
      return new ChildProcess(new ProcessBuilder(ownSession(command)).inheritIO().start());
    } catch (IOException e) {
      throw notStarted(command.get(0), e);
    }
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** The exit code of the process; 128 plus the signal's number when it died of one. */
  CompletableFuture<Integer> exit() {
    return process.onExit().thenApply(Process::exitValue);
  }

  /** Sends it a signal, such as {@code TERM}. */
  void pass(String signal) {
    if (signal.equals("TERM")) {
      process.destroy();
      return;
    }
    List<String> kill = List.of("sh", "-c", "kill -s " + signal + " " + process.pid());
    try {
      Process sender = new ProcessBuilder(kill).redirectErrorStream(true).start();
      if (sender.waitFor(KILL_LIMIT_SECONDS, TimeUnit.SECONDS) && sender.exitValue() == 0) {
        return;
      }
    } catch (IOException e) {
      // No shell on this machine; below is what Java itself can do.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    process.destroy();
  }

  /** Kills the program at once (SIGKILL). */
  void kill() {
    process.destroyForcibly();
  }

  /**
   * On a terminal, Ctrl-C goes to every process of the foreground group: the child would stop
   * before clients have heard of it. In a session of its own it hears only what we pass on.
   */
  private static List<String> ownSession(List<String> command) {
    if (!isOnTerminal() || !Files.isExecutable(Path.of("/usr/bin/setsid"))) {
      return command;
    }
    List<String> detached = new ArrayList<>(List.of("/usr/bin/setsid"));
    detached.addAll(command);
    return detached;
  }

  private static boolean isOnTerminal() {
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
      try {
        String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
        if (target.startsWith("/dev/pts/") || target.startsWith("/dev/tty")) {
          return true;
        }
      } catch (IOException e) {
        // Closed, or no Linux: then no terminal that we know of.
      }
    }
    return false;
  }

  private static UserError notStarted(String program, IOException cause) {
    if (isFound(program)) {
      return UserError.withCode(
          ExitCode.NOT_EXECUTABLE, program + ": can't be started: " + IoErrorText.of(cause));
    }
    return UserError.withCode(
        ExitCode.NOT_FOUND, program + ": not found (expected: a program, or one on the PATH)");
  }

  private static boolean isFound(String program) {
    if (program.contains("/")) {
      return Files.exists(Path.of(program));
    }
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
    return Arrays.stream(path.split(File.pathSeparator))
        .anyMatch(directory -> Files.exists(Path.of(directory, program)));
  }
}
