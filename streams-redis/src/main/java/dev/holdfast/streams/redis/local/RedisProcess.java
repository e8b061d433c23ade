package dev.holdfast.streams.redis.local;

import dev.holdfast.core.local.FreePort;
import dev.holdfast.core.local.ParentGuard;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One redis-server on loopback that writes each change to its log before it answers ({@code
 * appendfsync always}), with its data in a folder of its own.
 *
 * <p>It can be stopped, killed, paused, wiped and started again at the same port. It never outlives
 * this JVM, even when that is killed by SIGKILL. Not thread-safe.
 */
public final class RedisProcess implements AutoCloseable {
  private static final Duration START_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration POLL_INTERVAL = Duration.ofMillis(20);
  private static final int ASK_TIMEOUT_MILLIS = 1000;
  private static final int MAX_PORT_TRIES = 5;
  private static final int LOG_LINES_SHOWN = 15;

  private final Path folder;
  private final int port;
  private final List<String> arguments;
  private final Thread killer = new Thread(this::killWithJvm, "redis-killer");
  private volatile @Nullable Process process;
  private boolean hooked;

  private RedisProcess(Path folder, int port, List<String> arguments) {
    this.folder = folder;
    this.port = port;
    this.arguments = List.copyOf(arguments);
  }

  /** Whether redis-server is on the PATH. */
  public static boolean isInstalled() {
    String path = System.getenv().getOrDefault("PATH", "");
    return Stream.of(path.split(":", -1))
        .filter(entry -> !entry.isEmpty())
        .anyMatch(entry -> Files.isExecutable(Path.of(entry, "redis-server")));
  }

  /**
   * Starts a server on a free port and waits until it serves.
   *
   * @param folder for its data and its log; made if missing
   * @param arguments appended to the command line, after (and so instead of) the usual ones
   * @throws IOException when it is not installed or does not start; the message says what to do
   */
  public static RedisProcess start(Path folder, String... arguments) throws IOException {
    IOException last = new IOException("redis-server was not tried");
    for (int i = 0; i < MAX_PORT_TRIES; i++) {
      int port;
      try (ServerSocket free = FreePort.bind()) {
        port = free.getLocalPort();
      }
      RedisProcess server = new RedisProcess(folder, port, List.of(arguments));
      try {
        server.start();
        return server;
      } catch (IOException e) {
        server.close();
        if (!server.logTail().contains("Address already in use")) {
          throw e;
        }
        last = e;
      }
    }
    throw last;
  }

  /** Starts it, again with whatever data its folder holds, and waits until it serves. */
  public void start() throws IOException {
    launch();
    long deadlineNanos = System.nanoTime() + START_TIMEOUT.toNanos();
    while (!isServing()) {
      Process running = process;
      if (running == null || !running.isAlive()) {
        throw new IOException("redis-server ended at once:\n" + logTail());
      }
      if (System.nanoTime() - deadlineNanos > 0) {
        throw new IOException("redis-server did not begin to serve:\n" + logTail());
      }
      pauseBriefly();
    }
  }

  private void launch() throws IOException {
    if (!isInstalled()) {
      throw new IOException(
          "redis-server: not found on the PATH (expected: installed, as by: apt-get install"
              + " redis-server)");
    }
    Files.createDirectories(folder);
    ProcessBuilder builder = new ProcessBuilder(command());
    builder.redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
    // The guard first, so that nobody can be killed between a server and its guard.
    ParentGuard guard = ParentGuard.start();
    try {
      Process started = builder.start();
      process = started;
      guard.watch(started);
    } catch (IOException e) {
      guard.standDown();
      throw e;
    }
    if (!hooked) {
      hooked = true;
      Runtime.getRuntime().addShutdownHook(killer);
    }
  }

  /** Whether it answers a question; one that wants a password counts as well. */
  public boolean isServing() {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), port), ASK_TIMEOUT_MILLIS);
      socket.setSoTimeout(ASK_TIMEOUT_MILLIS);
      socket.getOutputStream().write("PING\r\n".getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      String answer = new String(in.readNBytes(5), StandardCharsets.US_ASCII);
      return answer.equals("+PONG") || answer.equals("-NOAU");
    } catch (IOException e) {
      // Not yet, or not any more: that is the answer.
      return false;
    }
  }

  public int port() {
    return port;
  }

  /** For {@link dev.holdfast.streams.redis.RedisSessionStore#open(String)}. */
  public String uri() {
    return "redis://127.0.0.1:" + port + "/0";
  }

  /**
   * Its process id; another one after each start.
   *
   * @throws IllegalStateException before the first start
   */
  public long pid() {
    return running().pid();
  }

  public boolean isAlive() {
    Process running = process;
    return running != null && running.isAlive();
  }

  /** Ends it by SIGTERM, as an operator would: it writes down everything. */
  public void stop() {
    end(Process::destroy);
  }

  /** Ends it by SIGKILL. Its data stays. */
  public void kill() {
    end(Process::destroyForcibly);
  }

  /** Stops it in its tracks (SIGSTOP): it accepts connections and answers nothing. */
  public void pause() throws IOException {
    signal("STOP");
  }

  /** Lets it go on after {@link #pause}. */
  public void resume() throws IOException {
    signal("CONT");
  }

  /**
   * Deletes its data; the next start begins empty.
   *
   * @throws IllegalStateException while it runs
   */
  public void wipe() throws IOException {
    if (isAlive()) {
      throw new IllegalStateException("redis-server is running (expected: stopped)");
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

  /** Kills it, if it runs. Its folder stays. */
  @Override
  public void close() {
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

  private List<String> command() throws IOException {
    Files.createDirectories(dataFolder());
    List<String> command =
        new ArrayList<>(
            List.of(
                "redis-server",
                "--bind",
                "127.0.0.1",
                "--port",
                Integer.toString(port),
                "--dir",
                dataFolder().toString(),
                "--appendonly",
                "yes",
                "--appendfsync",
                "always",
                "--save",
                ""));
    command.addAll(arguments);
    return command;
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

  private void signal(String signal) throws IOException {
    Process kill =
        new ProcessBuilder("sh", "-c", "kill -" + signal + " " + running().pid())
            .inheritIO()
            .start();
    try {
      if (kill.waitFor() != 0) {
        throw new IOException("kill -" + signal + " " + running().pid() + " failed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Process running() {
    Process started = process;
    if (started == null) {
      throw new IllegalStateException("redis-server was never started (expected: started)");
    }
    return started;
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

  /** Where its log of changes is; may be copied while it is paused or stopped. */
  public Path dataFolder() {
    return folder.resolve("data");
  }

  private Path log() {
    return folder.resolve("redis.log");
  }

  private String logTail() throws IOException {
    if (!Files.exists(log())) {
      return "(no log)";
    }
    List<String> lines = Files.readAllLines(log());
    return String.join(
        "\n", lines.subList(Math.max(0, lines.size() - LOG_LINES_SHOWN), lines.size()));
  }
}
