package dev.holdfast.gateway.headers;

import dev.holdfast.core.annotation.Limit;
import io.netty.util.AsciiString;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The codec of grpc-timeout values: up to eight digits and a unit. */
public final class GrpcTimeout {
  /**
   * The shortest timeout that is tried: in less time, no response arrives, not even from a process
   * on the same machine.
   */
  @Limit(
      of = "time that a call has when it comes, at the least",
      then = "it is answered with DEADLINE_EXCEEDED, and no upstream hears of it")
  static final Duration SHORTEST = Duration.ofNanos(20_000);

  /** The result for an absent or invalid value. */
  public static final long NONE = -1;

  /** The result for a call whose timeout had passed when it arrived. */
  public static final long EXPIRED = -2;

  private static final int TIMEOUT_DIGITS = 8;
  private static final long TOO_LARGE = 100_000_000;

  private GrpcTimeout() {}

  /**
   * Parses a value to nanoseconds; {@link #NONE} if it is malformed. Values above 292 years become
   * 292 years.
   */
  public static long parse(CharSequence text) {
    int digits = text.length() - 1;
    if (digits < 1 || digits > TIMEOUT_DIGITS) {
      return NONE;
    }
    long value = 0;
    for (int i = 0; i < digits; i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return NONE;
      }
      value = value * 10 + (c - '0');
    }
    return switch (text.charAt(digits)) {
      case 'n' -> value;
      case 'u' -> TimeUnit.MICROSECONDS.toNanos(value);
      case 'm' -> TimeUnit.MILLISECONDS.toNanos(value);
      case 'S' -> TimeUnit.SECONDS.toNanos(value);
      case 'M' -> TimeUnit.MINUTES.toNanos(value);
      case 'H' -> TimeUnit.HOURS.toNanos(value);
      default -> NONE;
    };
  }

  /**
   * Formats a timeout in the finest unit that has room for it; at least 1 ns. Rounded up: an
   * upstream whose timeout ended first would reset a call that the gateway must end with
   * DEADLINE_EXCEEDED.
   */
  public static AsciiString format(long nanos) {
    long value = Math.max(1, nanos);
    if (value < TOO_LARGE) {
      return AsciiString.of(value + "n");
    }
    long micros = roundedUp(value, 1_000);
    if (micros < TOO_LARGE) {
      return AsciiString.of(micros + "u");
    }
    long millis = roundedUp(value, 1_000_000);
    if (millis < TOO_LARGE) {
      return AsciiString.of(millis + "m");
    }
    long seconds = roundedUp(value, 1_000_000_000);
    return AsciiString.of(seconds < TOO_LARGE ? seconds + "S" : roundedUp(seconds, 60) + "M");
  }

  private static long roundedUp(long value, long unit) {
    return (value - 1) / unit + 1;
  }

  /** Formats a duration in seconds, such as {@code 1.502s}. */
  public static String inSeconds(long nanos) {
    long millis = nanos / 1_000_000;
    StringBuilder text = new StringBuilder().append(millis / 1_000);
    if (millis % 1_000 != 0) {
      text.append('.').append(Long.toString(1_000 + millis % 1_000), 1, 4);
      while (text.charAt(text.length() - 1) == '0') {
        text.setLength(text.length() - 1);
      }
    }
    return text.append('s').toString();
  }
}
