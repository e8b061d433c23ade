package dev.holdfast.registry.etcd.local;

import dev.holdfast.core.local.FreePort;
import dev.holdfast.core.local.ParentGuard;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One etcd server process on loopback, with its data in a folder of its own.
 *
 * <p>It can be stopped, killed, paused, wiped and started again with the same ports and flags,
 * which is what real ones suffer. It never outlives this JVM, even when that is killed by SIGKILL.
 * Not thread-safe.
 */
public final class EtcdProcess implements AutoCloseable {
  private static final Duration START_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration POLL_INTERVAL = Duration.ofMillis(20);
  private static final int MAX_PORT_TRIES = 5;
  private static final int LOG_LINES_SHOWN = 15;

  private final String name;
  private final Path folder;
  private final Ports ports;
  private final List<String> arguments;
  private final Thread killer = new Thread(this::killWithJvm, "etcd-killer");
  private volatile @Nullable Process process;
  private boolean hooked;

  /**
   * The ports of one server.
   *
   * @param client where requests go
   * @param peer where other members go
   * @param metrics where its health is read, in plain HTTP whatever the others speak
   */
  public record Ports(int client, int peer, int metrics) {

    /** Three ports that are free now. Somebody may take them before etcd does; starting tells. */
    public static Ports free() {
      try (ServerSocket a = FreePort.bind();
          ServerSocket b = FreePort.bind();
          ServerSocket c = FreePort.bind()) {
        return new Ports(a.getLocalPort(), b.getLocalPort(), c.getLocalPort());
      } catch (IOException e) {
        throw new UncheckedIOException("no free port on loopback", e);
      }
    }
  }

  /**
   * A server that is not running yet.
   *
   * @param name of the member in its cluster
   * @param folder for its data and its log; made if missing
   * @param arguments appended to the command line, after (and so instead of) the usual ones
   */
  public EtcdProcess(String name, Path folder, Ports ports, List<String> arguments) {
    this.name = name;
    this.folder = folder;
    this.ports = ports;
    this.arguments = List.copyOf(arguments);
  }

  /** Whether etcd is on the PATH. */
  public static boolean isInstalled() {
    String path = System.getenv().getOrDefault("PATH", "");
    return Stream.of(path.split(":", -1))
        .filter(entry -> !entry.isEmpty())
        .anyMatch(entry -> Files.isExecutable(Path.of(entry, "etcd")));
  }

  /**
   * Starts a single server and waits until it serves.
   *
   * @throws IOException when etcd is not installed or does not start; the message says what to do
   */
  public static EtcdProcess start(Path folder) throws IOException {
    return start(folder, List.of());
  }

  /** As {@link #start(Path)}, with more arguments on etcd's command line. */
  public static EtcdProcess start(Path folder, List<String> arguments) throws IOException {
    return start(folder, arguments, Ports::free);
  }

  /** As above, on ports of the caller's choice; asked again when somebody else has one of them. */
  static EtcdProcess start(Path folder, List<String> arguments, Supplier<Ports> choice)
      throws IOException {
    IOException last = new IOException("etcd was not tried");
    for (int i = 0; i < MAX_PORT_TRIES; i++) {
      EtcdProcess server = new EtcdProcess("holdfast", folder, choice.get(), arguments);
      try {
        server.start();
        server.awaitHealthy();
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
    return !isAlive() && logTail().contains("address already in use");
  }

  /** Starts it, again with whatever data its folder holds, and does not wait. */
  public void start() throws IOException {
    if (!isInstalled()) {
      throw new IOException(
          "etcd: not found on the PATH (expected: installed, as by: apt-get install etcd-server)");
    }
    Files.createDirectories(folder);
    ProcessBuilder builder = new ProcessBuilder(command());
    builder.environment().keySet().removeIf(variable -> variable.startsWith("ETCD_"));
    builder.environment().put("ETCD_UNSUPPORTED_ARCH", System.getProperty("os.arch", ""));
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

  /** Waits until it serves requests: it is up, and its cluster has a leader. */
  public void awaitHealthy() throws IOException {
    long deadlineNanos = System.nanoTime() + START_TIMEOUT.toNanos();
    while (!isHealthy()) {
      Process running = process;
      if (running == null || !running.isAlive()) {
        throw new IOException("etcd " + name + " ended at once:\n" + logTail());
      }
      if (System.nanoTime() - deadlineNanos > 0) {
        throw new IOException("etcd " + name + " did not become healthy:\n" + logTail());
      }
      pauseBriefly();
    }
  }

  /** Whether it says of itself that it serves. */
  public boolean isHealthy() {
    try {
      URI health = URI.create("http://127.0.0.1:" + ports.metrics() + "/health");
      HttpURLConnection connection = (HttpURLConnection) health.toURL().openConnection();
      connection.setConnectTimeout(1000);
      connection.setReadTimeout(1000);
      try (var body = connection.getInputStream()) {
        return new String(body.readAllBytes(), StandardCharsets.UTF_8).contains("\"true\"");
      } finally {
        connection.disconnect();
      }
    } catch (IOException e) {
      // Not yet, or not any more: that is the answer.
      return false;
    }
  }

  public Ports ports() {
    return ports;
  }

  public String name() {
    return name;
  }

  /** {@code host:port} for clients. */
  public String address() {
    return "127.0.0.1:" + ports.client();
  }

  /** The registry URI of a namespace in it. */
  public String uri(String namespace) {
    return "etcd://" + address() + "/" + namespace;
  }

  /**
   * Its process id, for who must end it should this JVM be killed; another one after each start.
   *
   * @throws IllegalStateException before the first start
   */
  public long pid() {
    Process started = process;
    if (started == null) {
      throw new IllegalStateException("etcd " + name + " was never started (expected: started)");
    }
    return started.pid();
  }

  public boolean isAlive() {
    Process running = process;
    return running != null && running.isAlive();
  }

  /** Ends it by SIGTERM, as an operator would. Its data stays. */
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
   * Deletes its data; the next start begins an empty store, with the same cluster id.
   *
   * @throws IllegalStateException while it runs
   */
  public void wipe() throws IOException {
    if (isAlive()) {
      throw new IllegalStateException("etcd " + name + " is running (expected: stopped)");
    }
    Path data = folder.resolve("data");
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

  private List<String> command() {
    boolean tls = arguments.stream().anyMatch(argument -> argument.startsWith("--cert-file"));
    String client = (tls ? "https" : "http") + "://127.0.0.1:" + ports.client();
    String peer = "http://127.0.0.1:" + ports.peer();
    List<String> command =
        new ArrayList<>(
            List.of(
                "etcd",
                "--name=" + name,
                "--data-dir=" + folder.resolve("data"),
                "--listen-client-urls=" + client,
                "--advertise-client-urls=" + client,
                "--listen-peer-urls=" + peer,
                "--initial-advertise-peer-urls=" + peer,
                "--initial-cluster=" + name + "=" + peer,
                "--listen-metrics-urls=http://127.0.0.1:" + ports.metrics(),
                "--logger=zap",
                "--log-level=warn"));
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
    Process running = process;
    if (running == null || !running.isAlive()) {
      throw new IllegalStateException("etcd " + name + " does not run (expected: running)");
    }
    Process kill =
        new ProcessBuilder("sh", "-c", "kill -" + signal + " " + running.pid()).inheritIO().start();
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
    return folder.resolve("etcd.log");
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
