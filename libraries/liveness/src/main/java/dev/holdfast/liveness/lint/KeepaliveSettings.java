package dev.holdfast.liveness.lint;

import java.time.Duration;
import java.util.Optional;

/**
 * The keepalive settings of one end of a gRPC connection, whatever library it uses, as the {@link
 * KeepaliveLinter} reads them.
 *
 * @param stack the library
 * @param time silence before it sends a PING; empty: it sends none
 * @param timeout how long the answer may take before it closes the connection
 * @param withoutCalls of a client: whether it sends PINGs while no call is open
 * @param permit of a server: the shortest spacing of a client's PINGs that it does not punish
 * @param permitWithoutCalls of a server: whether that counts while no call is open, too; else it is
 *     two hours then
 * @param limitsPingsWithoutData of a C-core client (C++, Python, Ruby, PHP): whether it stops after
 *     two PINGs without data, which it does unless grpc.http2.max_pings_without_data is 0
 * @param tcpKeepalive silence before the kernel of this end sends a TCP keepalive probe on the
 *     socket, at least 1 s; empty: never, or after the two hours that systems have as a default
 */
public record KeepaliveSettings(
    GrpcLibrary stack,
    Optional<Duration> time,
    Duration timeout,
    boolean withoutCalls,
    Duration permit,
    boolean permitWithoutCalls,
    boolean limitsPingsWithoutData,
    Optional<Duration> tcpKeepalive) {

  /** A gRPC library, for what it does when nothing is set. */
  public enum GrpcLibrary {
    JAVA(true, 10, 10),
    GO(true, 10, 1),
    /** C++, Python, Ruby, PHP, Objective-C. */
    C_CORE(true, 0, 0),
    NODE(false, 0, 0),
    DOTNET(false, 0, 0),
    RUST_TONIC(false, 0, 0),
    /** grpc-java with Holdfast: probes are tolerant and never earn a strike. */
    HOLDFAST(true, 10, 10);

    private final boolean punishesPings;
    private final Duration clientFloor;
    private final Duration serverFloor;

    GrpcLibrary(boolean punishesPings, int clientFloorSeconds, int serverFloorSeconds) {
      this.punishesPings = punishesPings;
      this.clientFloor = Duration.ofSeconds(clientFloorSeconds);
      this.serverFloor = Duration.ofSeconds(serverFloorSeconds);
    }

    /** To what its clients raise a shorter time; zero: nothing is raised. */
    public Duration clientFloor() {
      return clientFloor;
    }

    /** To what its servers raise a shorter time; zero: nothing is raised. */
    public Duration serverFloor() {
      return serverFloor;
    }

    /** Whether its servers close connections for PINGs they did not permit. */
    public boolean punishesPings() {
      return punishesPings;
    }
  }

  /** The kernel counts whole seconds. */
  public static final Duration SHORTEST_TCP_KEEPALIVE = Duration.ofSeconds(1);

  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(20);
  private static final Duration DEFAULT_SERVER_TIME = Duration.ofHours(2);
  private static final Duration DEFAULT_PERMIT = Duration.ofMinutes(5);

  public KeepaliveSettings {
    time.ifPresent(value -> positive("time", value));
    positive("timeout", timeout);
    if (permit.isNegative()) {
      throw new IllegalArgumentException("permit: " + permit + " (expected: >= 0)");
    }
    tcpKeepalive
        .filter(value -> value.compareTo(SHORTEST_TCP_KEEPALIVE) < 0)
        .ifPresent(
            value -> {
              throw new IllegalArgumentException("tcpKeepalive: " + value + " (expected: >= 1s)");
            });
  }

  /** A client with the defaults: no PINGs. */
  public static KeepaliveSettings client(GrpcLibrary grpcLibrary) {
    return new KeepaliveSettings(
        grpcLibrary,
        Optional.empty(),
        DEFAULT_TIMEOUT,
        false,
        DEFAULT_PERMIT,
        false,
        grpcLibrary == GrpcLibrary.C_CORE,
        Optional.empty());
  }

  /** A server with the defaults: a PING after two hours, clients may send one each five minutes. */
  public static KeepaliveSettings server(GrpcLibrary grpcLibrary) {
    return new KeepaliveSettings(
        grpcLibrary,
        Optional.of(DEFAULT_SERVER_TIME),
        DEFAULT_TIMEOUT,
        false,
        DEFAULT_PERMIT,
        false,
        false,
        Optional.empty());
  }

  /** As these, with PINGs after this silence. */
  public KeepaliveSettings withTime(Duration newTime) {
    return new KeepaliveSettings(
        stack,
        Optional.of(newTime),
        timeout,
        withoutCalls,
        permit,
        permitWithoutCalls,
        limitsPingsWithoutData,
        tcpKeepalive);
  }

  /** As these, with another {@link #timeout}. */
  public KeepaliveSettings withTimeout(Duration newTimeout) {
    return new KeepaliveSettings(
        stack,
        time,
        newTimeout,
        withoutCalls,
        permit,
        permitWithoutCalls,
        limitsPingsWithoutData,
        tcpKeepalive);
  }

  /** As these, with or without PINGs while no call is open. */
  public KeepaliveSettings withoutCalls(boolean newWithoutCalls) {
    return new KeepaliveSettings(
        stack,
        time,
        timeout,
        newWithoutCalls,
        permit,
        permitWithoutCalls,
        limitsPingsWithoutData,
        tcpKeepalive);
  }

  /** As these, with another {@link #permit}. */
  public KeepaliveSettings withPermit(Duration newPermit, boolean newPermitWithoutCalls) {
    return new KeepaliveSettings(
        stack,
        time,
        timeout,
        withoutCalls,
        newPermit,
        newPermitWithoutCalls,
        limitsPingsWithoutData,
        tcpKeepalive);
  }

  /** As these, with or without C-core's limit. */
  public KeepaliveSettings withPingLimit(boolean newLimitsPingsWithoutData) {
    return new KeepaliveSettings(
        stack,
        time,
        timeout,
        withoutCalls,
        permit,
        permitWithoutCalls,
        newLimitsPingsWithoutData,
        tcpKeepalive);
  }

  /** As these, with the kernel's probes after this silence. */
  public KeepaliveSettings withTcpKeepalive(Duration newTcpKeepalive) {
    return new KeepaliveSettings(
        stack,
        time,
        timeout,
        withoutCalls,
        permit,
        permitWithoutCalls,
        limitsPingsWithoutData,
        Optional.of(newTcpKeepalive));
  }

  private static void positive(String name, Duration value) {
    if (value.isZero() || value.isNegative()) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: > 0)");
    }
  }
}
