package dev.holdfast.core.local;

import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A server process on loopback, with its data in its own folder.
 *
 * <p>The process can be stopped, killed, paused, wiped and started again with the same ports and
 * flags. It never outlives this JVM, even when SIGKILL ends the JVM. A subclass defines the program
 * and its readiness check. Not thread-safe.
 */
public abstract class LocalServer implements AutoCloseable {
  private static final Duration START_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);

  /** Ten seconds at most; nothing where there is no /proc. */
  private static final String AWAIT_STOPPED =
      " && i=0 && while grep -hs '^State:' /proc/PID/task/*/status | grep -qv stopped; do"
          + " i=$((i + 1)); [ $i -lt 500 ] || exit 1; sleep 0.02; done";

  private static final Duration POLL_INTERVAL = Duration.ofMillis(20);

  @Limit(
      of = "starts of a local server when others take its ports",
      then = "it fails with the reason of the last one")
  private static final int MAX_PORT_TRIES = 5;

  private static final int LOG_LINES_SHOWN = 15;

  private final ServerExecutable serverExecutable;
  private final String shownName;
  private final Path folder;
  private final Thread killer;
  private volatile @Nullable Process process;
  private long logStartBytes;
  private boolean hooked;

  /**
   * A program that must be installed.
   *
   * @param command as it is called on the PATH, or its absolute path
   * @param packageName of what brings it
   * @param shortName of its log file and of threads
   */
  public record ServerExecutable(String command, String packageName, String shortName) {

    /** Whether it is on the PATH. */
    public boolean isInstalled() {
      String path = System.getenv().getOrDefault("PATH", "");
      return Stream.of(path.split(":", -1))
          .filter(entry -> !entry.isEmpty())
          .anyMatch(entry -> Files.isExecutable(Path.of(entry).resolve(command)));
    }
  }

  /** Makes servers that were not started yet, each on ports that are free at that moment. */
  @FunctionalInterface
  protected interface ServerFactory<S extends LocalServer> {

    /** Makes a server on ports that are free now. */
    S make() throws IOException;
  }

  /**
   * A server that is not running yet.
   *
   * @param shownName in messages
   * @param folder for its data and its log; made if missing
   */
  protected LocalServer(ServerExecutable serverExecutable, String shownName, Path folder) {
    this.serverExecutable = serverExecutable;
    this.shownName = shownName;
    this.folder = folder;
    this.killer = new Thread(this::killWithJvm, serverExecutable.shortName() + "-killer");
  }

  /** The command line, the program first. */
  protected abstract List<String> command() throws IOException;

  /** Whether it serves, asked within a second or so. */
  protected abstract boolean serves();

  /** Changes the environment that it is started with: this JVM's, unless overridden. */
  protected void prepare(Map<String, String> environment) {
    // Most need nothing.
  }

  /**
   * Starts servers until one finds its ports free, and waits until that one serves: somebody may
   * take a port before the server does.
   *
   * @throws IOException of the first that failed for another reason, or of the last
   */
  protected static <S extends LocalServer> S startOnFreePorts(ServerFactory<S> serverFactory)
      throws IOException {
    IOException last = new IOException("no port was tried");
    for (int i = 0; i < MAX_PORT_TRIES; i++) {
      S server = serverFactory.make();
      try {
        server.launch();
        server.awaitServing();
        return server;
      } catch (IOException e) {
        server.close();
        if (!server.isPortTaken()) {
          throw e;
        }
        last = e;
      }
    }
    throw last;
  }

  /** Whether it ended because somebody else has one of its ports. */
  public boolean isPortTaken() throws IOException {
    return !isAlive() && logTail().toLowerCase(Locale.ROOT).contains("address already in use");
  }

  /** Starts it, again with whatever data its folder holds, and does not wait. */
  protected final void launch() throws IOException {
    if (!serverExecutable.isInstalled()) {
      throw new IOException(
          serverExecutable.command()
              + ": not found on the PATH (expected: installed, as by: apt-get install "
              + serverExecutable.packageName()
              + ")");
    }
    Files.createDirectories(folder);
    ProcessBuilder builder = new ProcessBuilder(command());
    prepare(builder.environment());
    builder.redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
    logStartBytes = Files.exists(log()) ? Files.size(log()) : 0;
    // The guard first, so that nobody can be killed between a server and its guard.
    ParentExitWatchdog guard = ParentExitWatchdog.start();
    try {
      Process started = builder.start();
      process = started;
      guard.watch(started);
    } catch (IOException e) {
      guard.stop();
      throw e;
    }
    if (!hooked) {
      hooked = true;
      Runtime.getRuntime().addShutdownHook(killer);
    }
  }

  /**
   * Blocks until the server is ready.
   *
   * @throws IOException when the process ends, or is not ready in time
   */
  protected final void awaitServing() throws IOException {
    long deadlineNanos = System.nanoTime() + START_TIMEOUT.toNanos();
    while (!serves()) {
      if (!isAlive()) {
        throw new IOException(shownName + " ended at once:\n" + logTail());
      }
      if (System.nanoTime() - deadlineNanos > 0) {
        throw new IOException(shownName + " did not begin to serve:\n" + logTail());
      }
      pauseBriefly();
    }
  }

  /**
   * The process id, with which a test kills the process if this JVM is killed; changes with each
   * start.
   *
   * @throws IllegalStateException before the first start
   */
  public final long pid() {
    Process started = process;
    if (started == null) {
      throw new IllegalStateException(shownName + " was never started (expected: started)");
    }
    return started.pid();
  }

  public final boolean isAlive() {
    Process running = process;
    return running != null && running.isAlive();
  }

  /** Ends it by SIGTERM, as an operator would. Its data stays. */
  public final void stop() {
    end(Process::destroy);
  }

  /** Ends it by SIGKILL. Its data stays. */
  public final void kill() {
    end(Process::destroyForcibly);
  }

  /**
   * Stops it in its tracks (SIGSTOP): it accepts connections and answers nothing. When this returns
   * all its threads stand still, as far as the kernel tells; on another core one may run on for a
   * moment after the signal was sent, and answer.
   *
   * @throws IllegalStateException unless it runs
   */
  public final void pause() throws IOException {
    signal("STOP", AWAIT_STOPPED);
  }

  /**
   * Lets it go on after {@link #pause}.
   *
   * @throws IllegalStateException unless it runs
   */
  public final void resume() throws IOException {
    signal("CONT", "");
  }

  /**
   * Deletes its data; the next start begins an empty store.
   *
   * @throws IllegalStateException while it runs
   */
  public final void wipe() throws IOException {
    if (isAlive()) {
      throw new IllegalStateException(shownName + " is running (expected: stopped)");
    }
    Path data = dataFolder();
    if (!Files.exists(data)) {
      return;
    }
    try (Stream<Path> files = Files.walk(data)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** The data folder; may be copied while the server is paused or stopped. */
  public final Path dataFolder() {
    return folder.resolve("data");
  }

  /** Kills it, if it runs. Its folder stays. */
  @Override
  public final void close() {
    kill();
    if (hooked) {
      hooked = false;
      try {
        Runtime.getRuntime().removeShutdownHook(killer);
      } catch (IllegalStateException e) {
        // The JVM is ending: the hook runs anyway and finds nothing to do.
        return;
      }
    }
  }

  private void end(Consumer<Process> signal) {
    Process running = process;
    if (running == null) {
      return;
    }
    signal.accept(running);
    try {
      if (!running.waitFor(STOP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
        // Paused, or busy: it has been asked for long enough.
        running.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      running.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private void signal(String signal, String then) throws IOException {
    Process running = process;
    if (running == null || !running.isAlive()) {
      throw new IllegalStateException(shownName + " does not run (expected: running)");
    }
    String command = "kill -%s %d%s".formatted(signal, running.pid(), then);
    Process kill =
        new ProcessBuilder("sh", "-c", command.replace("PID", Long.toString(running.pid())))
            .inheritIO()
            .start();
    try {
      if (kill.waitFor() != 0) {
        throw new IOException("kill -" + signal + " " + running.pid() + " failed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void killWithJvm() {
    Process running = process;
    if (running != null) {
      running.destroyForcibly();
    }
  }

  private static void pauseBriefly() {
    try {
      TimeUnit.MILLISECONDS.sleep(POLL_INTERVAL.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Path log() {
    return folder.resolve(serverExecutable.shortName() + ".log");
  }

  /** The end of the log since this start, because earlier complaints are no cause of this end. */
  private String logTail() throws IOException {
    if (!Files.exists(log())) {
      return "(no log)";
    }
    try (InputStream in = Files.newInputStream(log())) {
      in.skipNBytes(logStartBytes);
      List<String> lines = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
      return String.join(
          "\n", lines.subList(Math.max(0, lines.size() - LOG_LINES_SHOWN), lines.size()));
    }
  }
}
