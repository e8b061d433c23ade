package dev.holdfast.control;

import dev.holdfast.core.annotation.Limit;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The times of responses of one type to a client and of its answers, in monotonic nanoseconds.
 *
 * @param sentNanos null before the first response
 * @param acceptedNanos null before the first ACK
 * @param rejectedNanos null before the first NACK
 * @param rejections number of NACKs
 * @param rejection the client's error message, while it rejects the last response
 */
record AckTimes(
    @Nullable Long sentNanos,
    @Nullable Long acceptedNanos,
    @Nullable Long rejectedNanos,
    long rejections,
    Optional<String> rejection) {
  @Limit(of = "characters of what a client says of a response", then = "the rest is left out")
  private static final int MAX_CHARS = 2_000;

  static final AckTimes NONE = new AckTimes(null, null, null, 0, Optional.empty());

  AckTimes sent(long nowNanos) {
    return new AckTimes(nowNanos, acceptedNanos, rejectedNanos, rejections, rejection);
  }

  AckTimes accepted(long nowNanos) {
    return new AckTimes(sentNanos, nowNanos, rejectedNanos, rejections, Optional.empty());
  }

  AckTimes rejected(long nowNanos, String why) {
    String cut = why.length() <= MAX_CHARS ? why : why.substring(0, MAX_CHARS);
    return new AckTimes(sentNanos, acceptedNanos, nowNanos, rejections + 1, Optional.of(cut));
  }
}
