package dev.holdfast.testrunner;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** A JVM of the operating system. Its standard output and its errors go to one log. */
final class JvmProcess implements RoomProcess {
  private static final Duration STACKS_LIMIT = Duration.ofSeconds(20);
  private static final Set<JvmProcess> RUNNING = ConcurrentHashMap.newKeySet();

  private final Process process;
  private final Path jcmd;
  private final Path log;

  private JvmProcess(Process process, Path jcmd, Path log) {
    this.process = process;
    this.jcmd = jcmd;
    this.log = log;
  }

  static RoomProcess start(RoomCommand command, Path log) throws IOException {
    List<String> line = command.line();
    Process process =
        new ProcessBuilder(line)
            .directory(command.directory().toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    JvmProcess started = new JvmProcess(process, Path.of(line.get(0)).resolveSibling("jcmd"), log);
    RUNNING.add(started);
    return started;
  }

  /** Ends all JVMs that run; for the end of this program. */
  static void killAll() {
    RUNNING.forEach(JvmProcess::end);
  }

  @Override
  public boolean waitFor(Duration limit) throws InterruptedException {
    boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
    if (ended) {
      RUNNING.remove(this);
    }
    return ended;
  }

  @Override
  public int exitCode() {
    return process.exitValue();
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
      end();
    }
  }

  private void end() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    RUNNING.remove(this);
  }
}
