package dev.holdfast.cli.demo.process;

import dev.holdfast.core.HostPort;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A child process that runs one instance of the sample service.
 *
 * <p>The process prints its address on standard output (see {@link InstanceMain}); its log goes to
 * a file. Its standard input is a pipe that only this process holds, so the child ends when this
 * process does, however that happens. Thread-safe.
 */
public final class InstanceProcess {

  /** The lifecycle state of an instance. */
  public enum InstanceProcessState {
    /** The process runs and gets ready; it has no address yet. */
    STARTING("starting"),
    /** The process listens; its registration is under way or done. */
    SERVING("serving"),
    /** The process was asked to end and finishes its calls. */
    DRAINING("draining"),
    /** The process was killed by {@link #kill}. */
    KILLED("killed"),
    /** The process ended after {@link #terminate}. */
    GONE("gone"),
    /** The process ended without being asked to. */
    CRASHED("crashed");

    private final String text;

    InstanceProcessState(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** The prefix of the line that announces the address on which the instance listens. */
  public static final String LISTENING = "listening ";

  private static final Pattern ANNOUNCEMENT = Pattern.compile(LISTENING + "(.+)");
  private static final Set<String> NOT_FOR_DEMOS = Set.of("HOLDFAST_REGISTRY", "HOLDFAST_CONFIG");

  private final String name;
  private final Path log;
  private final Process process;
  private volatile InstanceProcessState requestedState = InstanceProcessState.STARTING;
  private volatile Optional<HostPort> address = Optional.empty();
  private volatile long endedNanos;

  private InstanceProcess(String name, Path log, Process process) {
    this.name = name;
    this.log = log;
    this.process = process;
  }

  /**
   * Starts a process whose announcement begins with {@link #LISTENING}.
   *
   * @param log the file to which the process's standard error is appended
   * @throws IOException when the system can't start the process
   */
  public static InstanceProcess start(String name, List<String> command, Path log)
      throws IOException {
    return start(name, command, log, ANNOUNCEMENT);
  }

  /**
   * Starts a process that announces its address in a format of its own.
   *
   * @param announcement the pattern of the announcing line on standard output, with the address as
   *     group 1
   */
  public static InstanceProcess start(
      String name, List<String> command, Path log, Pattern announcement) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    // No process of a demo may be pointed at a real registry.
    builder.environment().keySet().removeAll(NOT_FOR_DEMOS);
    Process process = builder.start();
    InstanceProcess instance = new InstanceProcess(name, log, process);
    Thread reader = new Thread(() -> instance.readOutput(announcement), "demo-" + name + "-output");
    reader.setDaemon(true);
    reader.start();
    var unused = process.onExit().thenRun(() -> instance.endedNanos = System.nanoTime());
    return instance;
  }

  public String name() {
    return name;
  }

  public Path log() {
    return log;
  }

  public long pid() {
    return process.pid();
  }

  /** The address on which the instance listens; empty until it does. */
  public Optional<HostPort> address() {
    return address;
  }

  public InstanceProcessState state() {
    boolean alive = process.isAlive();
    return switch (requestedState) {
      case STARTING, SERVING -> {
        InstanceProcessState running =
            address.isPresent() ? InstanceProcessState.SERVING : InstanceProcessState.STARTING;
        yield alive ? running : InstanceProcessState.CRASHED;
      }
      case DRAINING -> alive ? InstanceProcessState.DRAINING : InstanceProcessState.GONE;
      default -> requestedState;
    };
  }

  /** Whether it runs and nobody asked it to end. */
  public boolean isActive() {
    return state() == InstanceProcessState.STARTING || state() == InstanceProcessState.SERVING;
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** The exit code, once there is one; of a process killed by a signal 128 and the signal. */
  public OptionalInt exitCode() {
    return process.isAlive() ? OptionalInt.empty() : OptionalInt.of(process.exitValue());
  }

  /**
   * The end of the process by {@link System#nanoTime()}, recorded slightly late; 0 as long as the
   * process runs.
   */
  public long endedNanos() {
    return endedNanos;
  }

  /** Asks it to drain and to end (SIGTERM). */
  public void terminate() {
    requestedState = InstanceProcessState.DRAINING;
    // Through the handle: Process.destroy() would close the pipe too, which says that we are gone.
    signalled(process.toHandle().destroy());
  }

  /** Ends it at once (SIGKILL). */
  public void kill() {
    requestedState = InstanceProcessState.KILLED;
    signalled(process.toHandle().destroyForcibly());
  }

  /**
   * Waits until the process has ended.
   *
   * @param timeoutMillis the longest wait, in milliseconds
   * @return whether the process has ended
   */
  public boolean awaitEnd(long timeoutMillis) throws InterruptedException {
    return process.waitFor(timeoutMillis, TimeUnit.MILLISECONDS);
  }

  private void signalled(boolean sent) {
    if (!sent && process.isAlive()) {
      throw new IllegalStateException(name + ", process " + process.pid() + ": no signal allowed");
    }
  }

  private void readOutput(Pattern announcement) {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        Matcher announced = announcement.matcher(line);
        if (announced.matches()) {
          address = Optional.of(HostPort.parse(announced.group(1)));
        }
      }
    } catch (IOException e) {
      if (process.isAlive()) {
        throw new UncheckedIOException("output of " + name, e);
      }
    }
  }
}
