package dev.holdfast.gateway;

import dev.holdfast.core.Limit;
import java.time.Duration;

/**
 * How much time is left to whom when a gateway closes.
 *
 * @param acknowledge how long a client may take to answer the first GOAWAY; default 10 s
 * @param unary how long calls that have sent all of their request, and have nothing of their answer
 *     yet, may go on; default 30 s
 * @param streams how long the others may go on; at least unary, default 5 min
 */
public record DrainTimes(Duration acknowledge, Duration unary, Duration streams) {
  /** Until the first GOAWAY is answered. */
  @Limit(
      of = "time a client of a closing gateway has to answer its first GOAWAY",
      then = "the second one, with the last stream, is sent without the answer")
  public static final Duration ACKNOWLEDGE = Duration.ofSeconds(10);

  /** Of calls whose request is complete; one whose answer has begun by then is a stream. */
  @Limit(
      of =
          "time that a call with a complete request has on a closing gateway until its answer"
              + " begins",
      then = "it ends with UNAVAILABLE")
  public static final Duration UNARY = Duration.ofSeconds(30);

  /** Of calls that still send, or whose answer has begun. */
  @Limit(of = "time that a stream has on a closing gateway", then = "it ends with UNAVAILABLE")
  public static final Duration STREAMS = Duration.ofMinutes(5);

  /** What holds when nothing else is said. */
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
