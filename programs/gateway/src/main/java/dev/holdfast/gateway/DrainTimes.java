package dev.holdfast.gateway;

import dev.holdfast.core.annotation.Limit;
import java.time.Duration;

/**
 * The time that clients and calls have left when a gateway closes.
 *
 * @param acknowledge time for a client to answer the first GOAWAY; default 10 s
 * @param unary time for calls with a complete request and no response headers yet; default 30 s
 * @param streams time for all other calls; at least unary, default 5 min
 */
public record DrainTimes(Duration acknowledge, Duration unary, Duration streams) {
  /** The time until the first GOAWAY must be answered. */
  @Limit(
      of = "time a client of a closing gateway has to answer its first GOAWAY",
      then = "the second one, with the last stream, is sent without the answer")
  public static final Duration ACKNOWLEDGE = Duration.ofSeconds(10);

  /**
   * The time for calls with a complete request; a call whose response has begun counts as a stream.
   */
  @Limit(
      of =
          "time that a call with a complete request has on a closing gateway until its answer"
              + " begins",
      then = "it ends with UNAVAILABLE")
  public static final Duration UNARY = Duration.ofSeconds(30);

  /** The time for calls that still send, or whose response has begun. */
  @Limit(of = "time that a stream has on a closing gateway", then = "it ends with UNAVAILABLE")
  public static final Duration STREAMS = Duration.ofMinutes(5);

  /** The defaults: 10 s, 30 s and 5 min. */
  public static final DrainTimes DEFAULT = new DrainTimes(ACKNOWLEDGE, UNARY, STREAMS);

  public DrainTimes {
    if (acknowledge.isNegative()) {
      throw new IllegalArgumentException("acknowledge: " + acknowledge + " (expected: >= 0s)");
    }
    if (unary.isNegative()) {
      throw new IllegalArgumentException("unary: " + unary + " (expected: >= 0s)");
    }
    if (streams.compareTo(unary) < 0) {
      throw new IllegalArgumentException("streams: " + streams + " (expected: >= " + unary + ")");
    }
  }
}
