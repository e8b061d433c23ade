package dev.holdfast.core.local;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process that kills another one when this JVM is gone, however it went: SIGKILL runs no hook.
 *
 * <p>It is a shell that waits for a line on its stdin, a pipe that nobody but this JVM holds. A
 * line sends it home, the end of the pipe makes it kill. The guarded process stays our own child,
 * with its own id and exit code.
 */
final class ParentExitWatchdog {
  private static final Logger log = LoggerFactory.getLogger(ParentExitWatchdog.class);

  // Signals of a terminal go to the whole group: the guard must outlive them to do its duty.
  private static final String SCRIPT =
      "trap '' HUP INT TERM; read -r pid || exit 0; read -r word || kill -9 \"$pid\"";

  private final Process shell;
  private final Writer orders;

  private ParentExitWatchdog(Process shell) {
    this.shell = shell;
    this.orders = shell.outputWriter(StandardCharsets.UTF_8);
  }

  /** Starts one that guards nobody yet. */
  public static ParentExitWatchdog start() throws IOException {
    return new ParentExitWatchdog(
        new ProcessBuilder("sh", "-c", SCRIPT)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start());
  }

  /** Guards a process of ours until it ends. */
  public void watch(Process child) throws IOException {
    tell(child.pid() + "\n");
    var unused = child.onExit().thenRun(this::stop);
  }

  /** Sends it home: its process has ended, and the id may soon be somebody else's. */
  public void stop() {
    try {
      tell("done\n");
      orders.close();
    } catch (IOException e) {
      log.debug("event=watchdog_gone pid={}", shell.pid(), e);
      shell.destroyForcibly();
    }
  }

  private void tell(String line) throws IOException {
    orders.write(line);
    orders.flush();
  }
}
