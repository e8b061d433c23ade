package dev.holdfast.doctor;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The settings of each library that keep connections alive on a path with an idle timeout.
 *
 * <p>There are three kinds. The server's own PINGs need no permission of the peer and keep streams
 * alive too. The client's PINGs are sent every 10 s at most, and a server must permit them. A
 * client that closes its own idle connections before the path drops them needs no server setting;
 * this saves first calls but not held streams.
 */
final class SettingsAdvice {
  /** Servers in Java raise anything lower to this, as clients do. */
  private static final Duration JAVA_FLOOR = Duration.ofSeconds(10);

  /** Clients in Java and Go raise anything lower to this. */
  static final Duration CLIENT_FLOOR = Duration.ofSeconds(10);

  /** The default PING interval that gRPC servers permit, and only while there are calls. */
  static final Duration DEFAULT_PERMIT = Duration.ofMinutes(5);

  private static final Duration PING_TIMEOUT = Duration.ofSeconds(20);

  /** Two PINGs within the idle timeout: one may be lost. */
  private static final double OF_TIMEOUT = 0.45;

  private static final double SINGLE_OF_TIMEOUT = 0.8;

  private static final String FIRST_CALLS =
      "first calls only, not held streams; needs nothing of servers";

  private final long aliveMillis;
  private final List<Advice> advice = new ArrayList<>();

  private SettingsAdvice(Duration aliveAt) {
    aliveMillis = aliveAt.toMillis();
  }

  /** For a path on which connections that were idle for this long still live, and PINGs count. */
  static List<Advice> forIdleTimeout(Duration aliveAt, boolean pingsPunished) {
    SettingsAdvice all = new SettingsAdvice(aliveAt);
    all.holdfast();
    all.servers();
    if (clientCanPing(aliveAt)) {
      all.clients(pingsPunished);
    }
    all.firstCalls();
    return List.copyOf(all.advice);
  }

  /** For a path on which PINGs don't help: first calls only. */
  static List<Advice> forFirstCalls(Duration aliveAt) {
    SettingsAdvice all = new SettingsAdvice(aliveAt);
    all.holdfastWherePingsDoNotCount();
    all.firstCalls();
    return List.copyOf(all.advice);
  }

  /** Whether the 10 s floor of clients leaves room below the path's timeout. */
  static boolean clientCanPing(Duration aliveAt) {
    return aliveAt.toMillis() * SINGLE_OF_TIMEOUT >= CLIENT_FLOOR.toMillis();
  }

  /** How often a client should ping. */
  static Duration clientInterval(Duration aliveAt) {
    long seconds = (long) (aliveAt.toMillis() * OF_TIMEOUT / 1_000);
    return Duration.ofSeconds(Math.max(CLIENT_FLOOR.toSeconds(), seconds));
  }

  private long serverSeconds() {
    return Math.max(1, (long) (aliveMillis * OF_TIMEOUT / 1_000));
  }

  private long pathSeconds() {
    return Math.max(1, aliveMillis / 1_000);
  }

  private void holdfast() {
    String setting = ".idleTimeoutOfPath(Duration.ofSeconds(" + pathSeconds() + "))";
    add("Holdfast", "client", "calls and streams", "HoldfastChannelBuilder " + setting);
    add("Holdfast", "server", "calls and streams", "HoldfastServerBuilder " + setting);
  }

  /**
   * Adds Holdfast's client setting where PINGs do not count: the client verifies an idle connection
   * before a call uses it.
   */
  private void holdfastWherePingsDoNotCount() {
    add(
        "Holdfast",
        "client",
        FIRST_CALLS,
        "HoldfastChannelBuilder .liveness(LivenessOptions.ofPathIdleTimeout(Duration.ofSeconds("
            + pathSeconds()
            + ")).withPingsEndAtHop(true))");
  }

  private void servers() {
    String what = "calls and streams; needs nothing of clients";
    long interval = serverSeconds();
    long timeout = PING_TIMEOUT.toSeconds();
    if (clientCanPing(Duration.ofMillis(aliveMillis))) {
      add(
          "grpc-java",
          "server",
          what,
          "NettyServerBuilder .keepAliveTime(%d, SECONDS).keepAliveTimeout(%d, SECONDS)"
              .formatted(Math.max(interval, JAVA_FLOOR.toSeconds()), timeout));
    } else {
      add(
          "grpc-java",
          "server",
          what + "; its PINGs have a floor of 10 s, so TCP keepalive, where a hop passes TCP on",
          ("NettyServerBuilder .withChildOption(ChannelOption.SO_KEEPALIVE, true)"
                  + ".withChildOption(EpollChannelOption.TCP_KEEPIDLE, %d)"
                  + ".withChildOption(EpollChannelOption.TCP_KEEPINTVL, %d)")
              .formatted(interval, interval));
    }
    add(
        "grpc-go",
        "server",
        what,
        ("grpc.KeepaliveParams(keepalive.ServerParameters{Time: %d * time.Second, Timeout: %d *"
                + " time.Second})")
            .formatted(interval, timeout));
    add(
        "C++, Python",
        "server",
        what,
        ("grpc.keepalive_time_ms=%d, grpc.keepalive_timeout_ms=%d,"
                + " grpc.keepalive_permit_without_calls=1, grpc.http2.max_pings_without_data=0")
            .formatted(interval * 1_000, timeout * 1_000));
    add(
        "Node (grpc-js)",
        "server",
        what,
        "'grpc.keepalive_time_ms': %d, 'grpc.keepalive_timeout_ms': %d"
            .formatted(interval * 1_000, timeout * 1_000));
    add(
        ".NET",
        "server",
        what,
        ("kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(%d);"
                + " kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(%d)")
            .formatted(interval, timeout));
  }

  private void clients(boolean punished) {
    long seconds = clientInterval(Duration.ofMillis(aliveMillis)).toSeconds();
    long millis = seconds * 1_000;
    long timeout = PING_TIMEOUT.toSeconds();
    String what = "calls and streams" + (punished ? "; only with the permit below" : "");
    add(
        "grpc-java",
        "client",
        what,
        ".keepAliveTime(%d, SECONDS).keepAliveTimeout(%d, SECONDS).keepAliveWithoutCalls(true)"
            .formatted(seconds, timeout));
    add(
        "grpc-go",
        "client",
        what,
        ("grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: %d * time.Second, Timeout: %d"
                + " * time.Second, PermitWithoutStream: true})")
            .formatted(seconds, timeout));
    add(
        "C++, Python",
        "client",
        what,
        ("grpc.keepalive_time_ms=%d, grpc.keepalive_timeout_ms=%d,"
                + " grpc.keepalive_permit_without_calls=1, grpc.http2.max_pings_without_data=0")
            .formatted(millis, timeout * 1_000));
    add(
        "Node (grpc-js)",
        "client",
        what,
        ("'grpc.keepalive_time_ms': %d, 'grpc.keepalive_timeout_ms': %d,"
                + " 'grpc.keepalive_permit_without_calls': 1")
            .formatted(millis, timeout * 1_000));
    add(
        ".NET",
        "client",
        what,
        ("new SocketsHttpHandler { KeepAlivePingDelay = TimeSpan.FromSeconds(%d),"
                + " KeepAlivePingTimeout = TimeSpan.FromSeconds(%d), KeepAlivePingPolicy ="
                + " HttpKeepAlivePingPolicy.Always }")
            .formatted(seconds, timeout));
    if (punished) {
      permits(Math.max(1, (long) (seconds / 1.2)));
    }
  }

  private void permits(long seconds) {
    String what = "permits the clients' PINGs";
    add(
        "grpc-java",
        "server",
        what,
        ".permitKeepAliveTime(%d, SECONDS).permitKeepAliveWithoutCalls(true)".formatted(seconds));
    add(
        "grpc-go",
        "server",
        what,
        ("grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: %d * time.Second,"
                + " PermitWithoutStream: true})")
            .formatted(seconds));
    add(
        "C++, Python",
        "server",
        what,
        ("grpc.http2.min_ping_interval_without_data_ms=%d,"
                + " grpc.keepalive_permit_without_calls=1")
            .formatted(seconds * 1_000));
  }

  private void firstCalls() {
    long seconds = Math.max(1, (long) (aliveMillis * SINGLE_OF_TIMEOUT / 1_000));
    add("grpc-java", "client", FIRST_CALLS, ".idleTimeout(" + seconds + ", SECONDS)");
    add("grpc-go", "client", FIRST_CALLS, "grpc.WithIdleTimeout(" + seconds + " * time.Second)");
    add("C++, Python", "client", FIRST_CALLS, "grpc.client_idle_timeout_ms=" + seconds * 1_000);
    add(
        "Node (grpc-js)",
        "client",
        FIRST_CALLS,
        "'grpc.client_idle_timeout_ms': " + seconds * 1_000);
    add(
        ".NET",
        "client",
        FIRST_CALLS,
        "new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromSeconds("
            + seconds
            + ") }");
  }

  private void add(String who, String side, String purpose, String setting) {
    advice.add(new Advice(who, side, purpose, setting));
  }
}
