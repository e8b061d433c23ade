package dev.holdfast.gateway.call;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.gateway.route.RetryPolicy;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The retry decision after a trailers-only response: whether another attempt follows, and when.
 *
 * <p>The endpoint's {@code grpc-retry-pushback-ms} has priority (gRFC A6): a number is the delay,
 * whatever the status; any other value forbids another attempt.
 */
@PureCore
final class RetryDelay {
  /** The result for no further attempt: the response is forwarded. */
  static final long NONE = -1;

  @Limit(
      of = "time that an endpoint may have the gateway wait before another attempt",
      then = "there is none, and its answer is the client's")
  static final Duration LONGEST_PUSHBACK = Duration.ofMinutes(1);

  private static final int INT_DIGITS = 9;
  private static final int DECIMAL = 10;
  private static final int NUMBERS = 100;
  private static final long MILLI_NANOS = 1_000_000;

  private RetryDelay() {}

  /**
   * The delay until the next attempt, in nanoseconds, or {@link #NONE}.
   *
   * @param attempts that were made
   * @param status the grpc-status
   * @param pushback of the endpoint; null for none
   * @param leftNanos the rest of the call's deadline; {@link Long#MAX_VALUE} without one
   * @param backoff for responses without pushback
   */
  static long delayNanos(
      RetryPolicy policy,
      int attempts,
      CharSequence status,
      @Nullable CharSequence pushback,
      long leftNanos,
      Backoff backoff) {
    int code = number(status);
    if (!policy.retriesOnStatus() || attempts >= policy.attempts() || code == 0) {
      return NONE;
    }
    long delay;
    if (pushback != null) {
      int millis = number(pushback);
      boolean bearable = millis >= 0 && millis <= LONGEST_PUSHBACK.toMillis();
      delay = bearable ? millis * MILLI_NANOS : NONE;
    } else {
      boolean asked =
          code > 0 && code < NUMBERS && policy.statuses().contains(GrpcStatusCode.of(code));
      delay = asked ? backoff.next().toNanos() : NONE;
    }
    return delay < leftNanos ? delay : NONE;
  }

  /** Parses a number of digits alone; -1 for anything else. */
  static int number(CharSequence text) {
    int length = text.length();
    if (length == 0 || length > INT_DIGITS) {
      return -1;
    }
    int value = 0;
    for (int i = 0; i < length; i++) {
      char digit = text.charAt(i);
      if (digit < '0' || digit > '9') {
        return -1;
      }
      value = value * DECIMAL + (digit - '0');
    }
    return value;
  }
}
