package dev.holdfast.liveness.lint;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.PathProfile;
import dev.holdfast.core.PathProfile.Layer;
import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.liveness.lint.KeepaliveFinding.KeepaliveFindingCode;
import dev.holdfast.liveness.lint.KeepaliveSettings.GrpcLibrary;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A linter for the keepalive settings of a client, its server and the path between them. Each
 * finding is one sentence with its fix.
 *
 * <p>The rules come from gRPC's sources and from measured paths. Immutable and thread-safe.
 */
@PureCore
public final class KeepaliveLinter {
  /** A PING must come well before the path forgets: timers are late, packets get lost. */
  static final double SHARE_OF_PATH_TIMEOUT = 0.8;

  /**
   * The factor over the server's permit: the clocks of two machines differ, and a PING may arrive
   * early.
   */
  static final double SHARE_OF_PERMIT = 1.1;

  /**
   * The ping spacing that a server enforces without calls, unless it permits PINGs without calls.
   */
  static final Duration PERMIT_WITHOUT_CALLS = Duration.ofHours(2);

  /** Mobile paths stall this long and go on; a shorter timeout closes what lives. */
  static final Duration LONG_STALL = Duration.ofSeconds(20);

  /** The time without a call after which grpc-java and grpc-js close the connection themselves. */
  static final Duration IDLE_MODE = Duration.ofMinutes(30);

  /**
   * The fix for a path that tolerates %2$s of idle time; a hop that terminates TCP answers the
   * probes itself.
   */
  private static final String TCP_KEEPALIVE_FIX =
      "TCP keepalive after %2$s on the sockets of either end, where no hop ends TCP";

  private final KeepaliveSettings client;
  private final KeepaliveSettings server;

  /** The keepalive time as the library applies it, which may be higher than the configured one. */
  private final Optional<Duration> clientTime;

  private final Optional<Duration> serverTime;
  private final Optional<Duration> pathTimeout;
  private final Layer layer;
  private final List<KeepaliveFinding> findings = new ArrayList<>();

  private KeepaliveLinter(
      KeepaliveSettings client,
      KeepaliveSettings server,
      Optional<Duration> pathTimeout,
      Layer layer) {
    this.client = client;
    this.server = server;
    this.clientTime = raised(client.time(), client.stack().clientFloor());
    this.serverTime = raised(server.time(), server.stack().serverFloor());
    this.pathTimeout = pathTimeout;
    this.layer = layer;
  }

  /** Returns the findings for a path of this profile; empty when there are none. */
  public static List<KeepaliveFinding> lint(
      KeepaliveSettings client, KeepaliveSettings server, PathProfile path) {
    return lint(client, server, path.idleTimeout(), path.layer());
  }

  /**
   * Returns the findings for a path with this idle timeout; empty when there are none.
   *
   * @param pathTimeout the idle time after which the path drops a connection or ends a stream;
   *     empty when it never does
   * @param layer the protocol layer at which the path measures idle time
   */
  public static List<KeepaliveFinding> lint(
      KeepaliveSettings client,
      KeepaliveSettings server,
      Optional<Duration> pathTimeout,
      Layer layer) {
    KeepaliveLinter linter = new KeepaliveLinter(client, server, pathTimeout, layer);
    linter.strikes();
    linter.path();
    linter.client();
    linter.floors();
    linter.timeouts();
    return List.copyOf(linter.findings);
  }

  /** PINGs that the server punishes: grpc-java's client raises its time only after a GOAWAY. */
  private void strikes() {
    if (client.stack() == GrpcLibrary.HOLDFAST || !server.stack().punishesPings()) {
      return;
    }
    clientTime.ifPresent(
        time -> {
          if (time.compareTo(scaled(server.permit(), SHARE_OF_PERMIT)) < 0) {
            add(
                KeepaliveFindingCode.PING_TOO_OFTEN,
                "The client pings after %s, the server permits one per %s and closes at the"
                    + " third strike with too_many_pings.",
                "server: permit %3$s or less; or client: time %4$s or more",
                text(time),
                text(server.permit()),
                text(scaled(time, 1 / SHARE_OF_PERMIT)),
                text(scaled(server.permit(), SHARE_OF_PERMIT)));
          }
          if (client.withoutCalls() && !server.permitWithoutCalls()) {
            add(
                KeepaliveFindingCode.PING_WITHOUT_CALLS,
                "The client pings while no call is open, which the server permits every %s"
                    + " only, not every %s.",
                "server: permit keepalive without calls",
                text(PERMIT_WITHOUT_CALLS),
                text(time));
          }
        });
  }

  private void path() {
    if (pathTimeout.isEmpty()) {
      return;
    }
    if (layer == Layer.REQUESTS) {
      hop(pathTimeout.get());
    } else {
      packets(pathTimeout.get());
    }
  }

  private void hop(Duration timeout) {
    add(
        KeepaliveFindingCode.STREAM_NEEDS_HEARTBEAT,
        "A hop on the path answers PINGs itself and ends a stream without DATA after %s.",
        "send messages on quiet streams every %2$s, or raise the hop's timeout",
        text(timeout),
        text(scaled(timeout, SHARE_OF_PATH_TIMEOUT / 2)));
  }

  private void packets(Duration timeout) {
    Duration needed = scaled(timeout, SHARE_OF_PATH_TIMEOUT);
    boolean serverKeeps = serverTime.filter(t -> t.compareTo(needed) <= 0).isPresent();
    boolean holdfast =
        client.stack() == GrpcLibrary.HOLDFAST || server.stack() == GrpcLibrary.HOLDFAST;
    if (serverKeeps || holdfast || isKeptByKernel(needed)) {
      return;
    }
    boolean clientKeeps = clientTime.filter(t -> t.compareTo(needed) <= 0).isPresent();
    if (clientKeeps && client.withoutCalls()) {
      return;
    }
    boolean permitTooLong =
        server.stack().punishesPings()
            && scaled(server.permit(), SHARE_OF_PERMIT).compareTo(needed) > 0;
    if (clientKeeps && isIdleModeFirst(timeout)) {
      return;
    }
    if (clientKeeps) {
      add(
          KeepaliveFindingCode.IDLE_BETWEEN_CALLS,
          "The client pings only while a call is open, so the path forgets the connection after %s"
              + " between calls and the next call fails.",
          "client: keepalive without calls, and server: permit it; or server: keepalive time %2$s;"
              + " or "
              + TCP_KEEPALIVE_FIX,
          text(timeout),
          text(needed));
    } else {
      add(
          KeepaliveFindingCode.PATH_IDLES_OUT,
          "Neither a PING nor TCP keepalive comes within %s, so the path forgets a quiet connection"
              + " and the next call fails.",
          fixOfIdlePath(needed, permitTooLong),
          text(timeout),
          text(needed));
    }
    if (permitTooLong && !isBelowServerFloor(needed)) {
      add(
          KeepaliveFindingCode.PERMIT_TOO_LONG,
          "The server permits a PING per %s, which is too rare for a path that forgets after %s: no"
              + " client's PINGs can mend that.",
          "server: keepalive time %3$s, or permit %4$s or less",
          text(server.permit()),
          text(timeout),
          text(needed),
          text(scaled(needed, 1 / SHARE_OF_PERMIT)));
    }
  }

  private String fixOfIdlePath(Duration needed, boolean permitTooLong) {
    if (isBelowServerFloor(needed)) {
      return TCP_KEEPALIVE_FIX
          + ", because the server's PINGs never come faster than every "
          + text(server.stack().serverFloor())
          + "; or Holdfast at either end";
    }
    boolean clientCan = needed.compareTo(client.stack().clientFloor()) >= 0;
    String pings =
        permitTooLong || !clientCan
            ? "server: keepalive time %2$s"
            : "server: keepalive time %2$s; or client: time %2$s, without calls";
    return pings + "; or " + TCP_KEEPALIVE_FIX;
  }

  /**
   * Whether TCP keepalive keeps the connection. Such a path counts any packet, and each answered
   * probe resets its idle timer.
   */
  private boolean isKeptByKernel(Duration needed) {
    return Stream.of(client, server)
        .flatMap(end -> end.tcpKeepalive().stream())
        .anyMatch(probe -> probe.compareTo(needed) <= 0);
  }

  private boolean isBelowServerFloor(Duration needed) {
    return needed.compareTo(server.stack().serverFloor()) < 0;
  }

  /** Whether the client's idle mode closes a channel without calls before the path does. */
  private boolean isIdleModeFirst(Duration timeout) {
    boolean closesIdle = client.stack() == GrpcLibrary.JAVA || client.stack() == GrpcLibrary.NODE;
    return closesIdle && timeout.compareTo(IDLE_MODE) >= 0;
  }

  private void client() {
    if (client.stack() == GrpcLibrary.C_CORE && client.limitsPingsWithoutData()) {
      clientTime.ifPresent(
          time ->
              add(
                  KeepaliveFindingCode.C_CORE_THROTTLE,
                  "C-core stops after two PINGs without data, so its keepalive of %s ends on a"
                      + " quiet connection.",
                  "client: grpc.http2.max_pings_without_data=0",
                  text(time)));
    }
  }

  /** A library that raises a time says nothing, so the configured value misleads its readers. */
  private void floors() {
    belowFloor("client", client, client.stack().clientFloor());
    belowFloor("server", server, server.stack().serverFloor());
  }

  private void belowFloor(String side, KeepaliveSettings settings, Duration floor) {
    settings
        .time()
        .filter(time -> time.compareTo(floor) < 0)
        .ifPresent(
            time ->
                add(
                    KeepaliveFindingCode.BELOW_FLOOR,
                    "The %s's library raises a time of %s to %s without a word.",
                    "%1$s: time %3$s or more",
                    side,
                    text(time),
                    text(floor)));
  }

  private void timeouts() {
    shortTimeout("client", client);
    shortTimeout("server", server);
  }

  private void shortTimeout(String side, KeepaliveSettings settings) {
    boolean tolerant = settings.stack() == GrpcLibrary.HOLDFAST || settings.time().isEmpty();
    if (!tolerant && settings.timeout().compareTo(LONG_STALL) < 0) {
      add(
          KeepaliveFindingCode.TIMEOUT_SHORT,
          "The %s closes a connection whose one answer is %s late; mobile paths stall for %s and go"
              + " on.",
          "%1$s: timeout %3$s or more",
          side,
          text(settings.timeout()),
          text(LONG_STALL));
    }
  }

  // Two formats of the same values; the annotation would be a dependency for one private method.
  @SuppressWarnings("AnnotateFormatMethod")
  private void add(
      KeepaliveFindingCode keepaliveFindingCode, String sentence, String fix, Object... values) {
    findings.add(
        new KeepaliveFinding(
            keepaliveFindingCode, String.format(sentence, values), String.format(fix, values)));
  }

  private static Optional<Duration> raised(Optional<Duration> time, Duration floor) {
    return time.map(said -> said.compareTo(floor) < 0 ? floor : said);
  }

  private static Duration scaled(Duration value, double by) {
    return Duration.ofSeconds(Math.max(1, (long) (value.toMillis() * by / 1000)));
  }

  private static String text(Duration value) {
    return DurationText.format(value);
  }
}
