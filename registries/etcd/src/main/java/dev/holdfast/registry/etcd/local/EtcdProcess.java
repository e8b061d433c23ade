package dev.holdfast.registry.etcd.local;

import dev.holdfast.core.local.FreePort;
import dev.holdfast.core.local.LocalServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** An etcd server process on loopback. Wiping the server keeps its cluster id. Not thread-safe. */
public final class EtcdProcess extends LocalServer {
  /** The etcd on the PATH. */
  public static final String INSTALLED = "etcd";

  private static final ServerExecutable ETCD = program(INSTALLED);
  private static final int ASK_TIMEOUT_MILLIS = 1000;

  private final String command;
  private final String name;
  private final Ports ports;
  private final List<String> arguments;

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
      try {
        return new Ports(FreePort.find(), FreePort.find(), FreePort.find());
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
    this(INSTALLED, name, folder, ports, arguments);
  }

  /**
   * A server of another release that is not running yet.
   *
   * @param command the program: a name on the PATH, or its absolute path
   */
  public EtcdProcess(
      String command, String name, Path folder, Ports ports, List<String> arguments) {
    super(program(command), "etcd " + name, folder);
    this.command = command;
    this.name = name;
    this.ports = ports;
    this.arguments = List.copyOf(arguments);
  }

  private static ServerExecutable program(String command) {
    return new ServerExecutable(command, "etcd-server", "etcd");
  }

  /** Whether etcd is on the PATH. */
  public static boolean isInstalled() {
    return ETCD.isInstalled();
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
    return startOnFreePorts(() -> new EtcdProcess("holdfast", folder, choice.get(), arguments));
  }

  /** Starts it, again with whatever data its folder holds, and does not wait. */
  public void start() throws IOException {
    launch();
  }

  /** Waits until it serves requests: it is up, and its cluster has a leader. */
  public void awaitHealthy() throws IOException {
    awaitServing();
  }

  /** Whether it says of itself that it serves. */
  public boolean isHealthy() {
    try {
      URI health = URI.create("http://127.0.0.1:" + ports.metrics() + "/health");
      HttpURLConnection connection = (HttpURLConnection) health.toURL().openConnection();
      connection.setConnectTimeout(ASK_TIMEOUT_MILLIS);
      connection.setReadTimeout(ASK_TIMEOUT_MILLIS);
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

  /** The client address, as {@code host:port}. */
  public String address() {
    return "127.0.0.1:" + ports.client();
  }

  /** The registry URI of a namespace in it. */
  public String uri(String namespace) {
    return "etcd://" + address() + "/" + namespace;
  }

  @Override
  protected boolean serves() {
    return isHealthy();
  }

  @Override
  protected void prepare(Map<String, String> environment) {
    environment.keySet().removeIf(variable -> variable.startsWith("ETCD_"));
    environment.put("ETCD_UNSUPPORTED_ARCH", System.getProperty("os.arch", ""));
  }

  @Override
  protected List<String> command() {
    boolean tls = arguments.stream().anyMatch(argument -> argument.startsWith("--cert-file"));
    String client = (tls ? "https" : "http") + "://127.0.0.1:" + ports.client();
    String peer = "http://127.0.0.1:" + ports.peer();
    List<String> command =
        new ArrayList<>(
            List.of(
                this.command,
                "--name=" + name,
                "--data-dir=" + dataFolder(),
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
}
