package dev.holdfast.testrunner;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A JVM of the operating system. Its standard output and its errors go to one log. */
final class JvmProcess implements RoomProcess {
  private static final Duration STACKS_LIMIT = Duration.ofSeconds(20);

  private final CommandProcess process;
  private final Path jcmd;
  private final Path log;

  private JvmProcess(CommandProcess process, Path jcmd, Path log) {
    this.process = process;
    this.jcmd = jcmd;
    this.log = log;
  }

  static RoomProcess start(RoomCommand command, Path log) throws IOException {
    List<String> line = command.line();
    CommandProcess process = CommandProcess.start(line, Map.of(), command.directory(), log);
    return new JvmProcess(process, Path.of(line.get(0)).resolveSibling("jcmd"), log);
  }

  @Override
  public boolean waitFor(Duration limit) throws InterruptedException {
    return process.waitFor(limit);
  }

  @Override
  public int exitCode() {
    return process.exitCode();
  }

  @Override
  public void kill() throws InterruptedException {
    try {
      Process stacks =
          new ProcessBuilder(jcmd.toString(), "" + process.pid(), "Thread.print")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start();
      if (!stacks.waitFor(STACKS_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        stacks.destroyForcibly();
      }
    } catch (IOException e) {
      System.out.println(jcmd + ": " + e.getMessage() + " (no stacks in " + log + ")");
    } finally {
      process.kill();
    }
  }
}
