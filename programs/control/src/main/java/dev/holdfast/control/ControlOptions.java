package dev.holdfast.control;

import dev.holdfast.core.ServiceName;
import dev.holdfast.core.TunableDuration;
import dev.holdfast.core.annotation.Limit;
import io.grpc.ServerTransportFilter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The options of a control plane.
 *
 * @param listen where clients are served; loopback, port 18000 by default
 * @param admin where {@code control status}, CSDS and grpcdebug are served, in plaintext; loopback,
 *     port 18001 by default
 * @param adminToken the file with the token that readers of {@code admin} present beyond loopback,
 *     where one is needed
 * @param tls files for TLS to clients; plaintext without
 * @param services the services to serve, such as {@code orders} or {@code orders:grpc}, where the
 *     registry can't list them; empty to follow all of the namespace
 * @param drain how long clients have to go elsewhere when it is closed
 * @param connections hears of the connections of clients
 */
public record ControlOptions(
    InetSocketAddress listen,
    InetSocketAddress admin,
    Optional<Path> adminToken,
    Optional<ServerTlsFiles> tls,
    List<String> services,
    Duration drain,
    Optional<ServerTransportFilter> connections) {
  /** The default port for clients. */
  public static final int PORT = 18_000;

  /** The default port for people and tools that read the state. */
  public static final int ADMIN_PORT = 18_001;

  /** The bounds and the default of {@code drain}. */
  public static final TunableDuration DRAIN =
      new TunableDuration(
          "drain",
          Duration.ZERO,
          Duration.ofMinutes(5),
          Duration.ofSeconds(5),
          "How long clients have to go elsewhere before what is open is cut.");

  /** The one that serves everything on loopback. */
  public static final ControlOptions DEFAULT =
      new ControlOptions(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), PORT),
          new InetSocketAddress(InetAddress.getLoopbackAddress(), ADMIN_PORT),
          Optional.empty(),
          Optional.empty(),
          List.of(),
          DRAIN.defaultValue(),
          Optional.empty());

  @Limit(of = "streams of clients in one control plane", then = "further ones are refused")
  static final int MAX_STREAMS = 20_000;

  @Limit(of = "streams on one connection", then = "further ones wait at the client")
  static final int MAX_STREAMS_PER_CONNECTION = 2_000;

  @Limit(of = "a request of a client", then = "its stream is cancelled")
  static final int MAX_REQUEST_BYTES = 4 << 20;

  @Limit(
      of = "time between two pings of a client, at least",
      then = "the third that comes earlier ends the connection")
  static final Duration PING_PERMIT = Duration.ofSeconds(5);

  /** After so much silence a client is asked whether it lives. */
  static final Duration KEEPALIVE = Duration.ofMinutes(1);

  @Limit(of = "time that a silent client has to answer a ping", then = "its connection is closed")
  static final Duration KEEPALIVE_TIMEOUT = Duration.ofSeconds(20);

  public ControlOptions {
    if (adminToken.isEmpty() && !admin.getAddress().isLoopbackAddress()) {
      throw new IllegalArgumentException(
          "admin: beyond loopback without a token (expected: a token file)");
    }
    services = List.copyOf(services);
    for (String service : services) {
      if (!ServiceName.parse(service).namespace().isEmpty()) {
        // Names of subsets have a slash: clients could not tell the two apart.
        throw new IllegalArgumentException(
            "service: \"" + service + "\" (expected: no /, as the registry names the namespace)");
      }
    }
    DRAIN.require(drain);
  }

  /**
   * The PEM files of the server's TLS settings, reloaded when they change.
   *
   * @param certificate the server's chain
   * @param key its private key, PKCS#8
   * @param clientAuthority who signs the certificates that clients must show; none are asked for
   *     without
   */
  public record ServerTlsFiles(Path certificate, Path key, Optional<Path> clientAuthority) {
    /** The files as error messages and the log name them. */
    @Override
    public String toString() {
      return "cert="
          + certificate
          + ", key="
          + key
          + clientAuthority.map(file -> ", client-ca=" + file).orElse("");
    }
  }

  public ControlOptions withListen(InetSocketAddress value) {
    return new ControlOptions(value, admin, adminToken, tls, services, drain, connections);
  }

  /**
   * Sets the admin address.
   *
   * @throws IllegalArgumentException when there is no token for an address beyond loopback
   */
  public ControlOptions withAdmin(InetSocketAddress value) {
    return withAdmin(value, adminToken);
  }

  /**
   * Sets the admin address and the file with its token.
   *
   * @throws IllegalArgumentException when there is no token for an address beyond loopback
   */
  public ControlOptions withAdmin(InetSocketAddress value, Optional<Path> token) {
    return new ControlOptions(listen, value, token, tls, services, drain, connections);
  }

  public ControlOptions withTls(ServerTlsFiles value) {
    return new ControlOptions(
        listen, admin, adminToken, Optional.of(value), services, drain, connections);
  }

  public ControlOptions withServices(List<String> value) {
    return new ControlOptions(listen, admin, adminToken, tls, value, drain, connections);
  }

  public ControlOptions withDrain(Duration value) {
    return new ControlOptions(listen, admin, adminToken, tls, services, value, connections);
  }

  /** Sets who hears of the connections of clients. */
  public ControlOptions withConnections(Optional<ServerTransportFilter> value) {
    return new ControlOptions(listen, admin, adminToken, tls, services, drain, value);
  }
}
