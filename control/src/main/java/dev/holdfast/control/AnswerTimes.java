package dev.holdfast.control;

import dev.holdfast.core.Limit;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * When a client was sent something of one type, and what it said of it.
 *
 * @param sentNanos null before the first response
 * @param acceptedNanos null before the first one that was accepted
 * @param rejectedNanos null before the first one that was rejected
 * @param rejections how many were rejected
 * @param rejection the client's words, while it rejects what it got last
 */
record AnswerTimes(
    @Nullable Long sentNanos,
    @Nullable Long acceptedNanos,
    @Nullable Long rejectedNanos,
    long rejections,
    Optional<String> rejection) {
  @Limit(of = "characters of what a client says of a response", then = "the rest is left out")
  private static final int MAX_CHARS = 2_000;

  static final AnswerTimes NONE = new AnswerTimes(null, null, null, 0, Optional.empty());

  AnswerTimes sent(long nowNanos) {
    return new AnswerTimes(nowNanos, acceptedNanos, rejectedNanos, rejections, rejection);
  }

  AnswerTimes accepted(long nowNanos) {
    return new AnswerTimes(sentNanos, nowNanos, rejectedNanos, rejections, Optional.empty());
  }

  AnswerTimes rejected(long nowNanos, String why) {
    String cut = why.length() <= MAX_CHARS ? why : why.substring(0, MAX_CHARS);
    return new AnswerTimes(sentNanos, acceptedNanos, nowNanos, rejections + 1, Optional.of(cut));
  }
}
