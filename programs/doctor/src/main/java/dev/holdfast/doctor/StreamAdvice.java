package dev.holdfast.doctor;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The settings that keep idle streams alive on a path with a proxy that ends streams without
 * messages.
 *
 * <p>No keepalive helps, because PINGs end at that proxy. Holdfast's resumable streams send
 * heartbeats as messages of the stream; with every other library the application has to send
 * messages.
 */
final class StreamAdvice {
  static final String UNKNOWN_HOP = "raise the stream timeout of the proxy in between";

  private static final String PURPOSE = "held streams";

  /** Two heartbeats within the timeout: one may be late. */
  private static final double OF_TIMEOUT = 0.45;

  /** As many heartbeats as may be missing before a peer is suspect, and before it is gone. */
  private static final int SUSPECT_HEARTBEATS = 3;

  private static final int DEAD_HEARTBEATS = 9;

  private StreamAdvice() {}

  /** For a hop that ends streams after this time without messages. */
  static List<Advice> of(Duration endedAfter, PeerImplementation.PeerImplementationKind hop) {
    List<Advice> advice = new ArrayList<>();
    long millis = Math.max(1, (long) (endedAfter.toMillis() * OF_TIMEOUT));
    String heartbeat =
        ("Streams.builder().options(SessionOptions.DEFAULT.withTiming("
                + "SessionOptions.Timing.DEFAULT.withHeartbeat(%s, %s, %s)))")
            .formatted(
                time(millis), time(millis * SUSPECT_HEARTBEATS), time(millis * DEAD_HEARTBEATS));
    advice.add(new Advice("Holdfast", "client", PURPOSE, "Client" + heartbeat));
    advice.add(new Advice("Holdfast", "server", PURPOSE, "Server" + heartbeat));
    String directive = directive(hop, endedAfter);
    advice.add(new Advice(hop.isProxy() ? hop.title() : "the proxy", "hop", PURPOSE, directive));
    advice.add(
        new Advice(
            "every other library",
            "both",
            PURPOSE,
            "no library setting does it: send application messages on the stream at least every "
                + ExaminationContext.time(Duration.ofMillis(millis))));
    return List.copyOf(advice);
  }

  private static String time(long millis) {
    return millis >= 10_000
        ? "Duration.ofSeconds(" + millis / 1_000 + ")"
        : "Duration.ofMillis(" + millis + ")";
  }

  /**
   * As that hop's own configuration says it; an hour stands for "longer than streams are quiet".
   */
  private static String directive(PeerImplementation.PeerImplementationKind hop, Duration now) {
    String was = " (now " + ExaminationContext.time(now) + ")";
    return switch (hop) {
      case NGINX -> "grpc_read_timeout 1h; grpc_send_timeout 1h;" + was;
      case ENVOY -> "route: { timeout: 0s, idle_timeout: 3600s }" + was;
      case HAPROXY -> "timeout client 1h, timeout server 1h" + was;
      case AWS -> "idle_timeout.timeout_seconds=3600" + was;
      case GOOGLE -> "backend service timeoutSec: 3600" + was;
      case CLOUDFLARE, PROXY -> hop.remedy() + was;
      default -> UNKNOWN_HOP + was;
    };
  }
}
