package dev.holdfast.bench.gateway;

import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.core.local.FreePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The compared proxies, each configured for gRPC as its documents advise: HTTP/2 on both sides,
 * upstream connections kept, two workers, no access log. All of them run in the foreground as child
 * processes.
 */
public final class GatewayPrograms {
  static final ExternalTool NGINX = new ExternalTool("nginx", "nginx");
  public static final ExternalTool HAPROXY = new ExternalTool("haproxy", "haproxy");

  static final String HOLDFAST = "holdfast";

  /** A relay that does nothing of a gateway's work. */
  static final String FLOOR = "floor";

  /** The system property with the path of {@code ./holdfast}; {@code bench/run} sets it. */
  private static final String LAUNCHER = "holdfast.launcher";

  private static final String SERVICE = "echo";

  private final Path folder;

  /**
   * @param folder for their configurations and what they say
   */
  public GatewayPrograms(Path folder) {
    this.folder = folder;
  }

  /** Holdfast as {@code ./holdfast gateway} starts it: defaults, and a registry in a directory. */
  GatewayProxy holdfast(int upstreamPort) throws IOException {
    Path registry = folder.resolve("registry");
    Path service = Files.createDirectories(registry.resolve(SERVICE));
    Files.write(service.resolve("upstream.list"), List.of("127.0.0.1:" + upstreamPort));
    return holdfast("file://" + registry, upstreamPort);
  }

  /**
   * A Holdfast gateway with the registry of the given URI.
   *
   * @param registry the URI
   * @param upstreamPort the port whose connections in TIME_WAIT are counted; 0 for none
   */
  private GatewayProxy holdfast(String registry, int upstreamPort) throws IOException {
    int port = FreePort.find();
    List<String> command =
        List.of(launcher(), "gateway", "--registry", registry, "--listen", "127.0.0.1:" + port);
    return start(HOLDFAST, command, port, upstreamPort);
  }

  /**
   * Holdfast over any registry, which takes the place of the one that runs, if there is one.
   *
   * @param socket where they meet
   * @param name of the file that keeps what it says
   */
  GatewayProxy holdfastAt(int port, String registry, Path socket, String name) throws IOException {
    List<String> command =
        List.of(
            launcher(),
            "gateway",
            "--registry",
            registry,
            "--listen",
            "127.0.0.1:" + port,
            "--handover",
            socket.toString());
    return start(name, command, port, 0);
  }

  /**
   * Holdfast with a file of its own, which says where it listens.
   *
   * @param port the one in the file
   */
  public GatewayProxy holdfastWith(Path file, int port) throws IOException {
    return start(HOLDFAST, List.of(launcher(), "gateway", "--config", file.toString()), port, 0);
  }

  /**
   * Holdfast with a file of its own, which takes the place of the one that runs, if there is one.
   *
   * @param port the one in the file
   * @param socket where they meet
   * @param name of the file that keeps what it says
   * @param jvmOptions as its users set them
   */
  public GatewayProxy holdfastWith(Path file, int port, Path socket, String name, String jvmOptions)
      throws IOException {
    List<String> command =
        List.of(
            launcher(), "gateway", "--config", file.toString(), "--handover", socket.toString());
    return GatewayProxy.start(
        name, command, folder, port, 0, Map.of("HOLDFAST_JAVA_OPTS", jvmOptions));
  }

  /**
   * HAProxy multiplexes by itself; {@code http-reuse always} lets it share every connection.
   *
   * @param name what it is called in figures
   */
  GatewayProxy haproxy(String name, int upstreamPort) throws IOException {
    return haproxy(name, upstreamPort, "proto h2");
  }

  /** HAProxy whose clients may speak HTTP/1.1 as well. */
  GatewayProxy haproxyOfBoth(int upstreamPort) throws IOException {
    return haproxy("haproxy", upstreamPort, "");
  }

  private GatewayProxy haproxy(String name, int upstreamPort, String protocol) throws IOException {
    int port = FreePort.find();
    Path file = folder.resolve(name + ".cfg");
    Files.writeString(file, haproxyFile("bind 127.0.0.1:" + port + " " + protocol, upstreamPort));
    return start(
        name, List.of(HAPROXY.path(), "-db", "-q", "-f", file.toString()), port, upstreamPort);
  }

  /**
   * A configuration of HAProxy, with two threads.
   *
   * @param binds lines that say where it listens, and what is spoken there
   */
  static String haproxyFile(String binds, int upstreamPort) {
    return """
    global
      nbthread 2
      maxconn 4096
    defaults
      mode http
      timeout connect 5s
      timeout client 1h
      timeout server 1h
    frontend grpc
    %s
      default_backend echo
    backend echo
      http-reuse always
      server one 127.0.0.1:%d proto h2
    """
        .formatted(binds.indent(2).stripTrailing(), upstreamPort);
  }

  private GatewayProxy start(String name, List<String> command, int port, int upstreamPort)
      throws IOException {
    return GatewayProxy.start(name, command, folder, port, upstreamPort);
  }

  static String launcher() {
    String launcher = System.getProperty(LAUNCHER);
    if (launcher == null) {
      throw new IllegalStateException(LAUNCHER + ": not set (expected: to be run by bench/run)");
    }
    return launcher;
  }
}
