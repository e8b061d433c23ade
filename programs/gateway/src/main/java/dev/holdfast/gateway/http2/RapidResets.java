package dev.holdfast.gateway.http2;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;

/**
 * The detection of rapid reset attacks (CVE-2023-44487), apart from clients that cancel calls.
 *
 * <p>In an attack a stream is reset right after it was opened and before its response: that causes
 * work at no cost, and evades the limit of open streams. A client whose calls meet their deadlines
 * resets as many, but later.
 *
 * <p>So only quick resets count, and only if there are many and hardly any stream ends otherwise. A
 * deadline so short that the gateway ends the call at once causes the same work, and counts as a
 * reset.
 */
@PureCore
final class RapidResets {
  @Limit(
      of = "streams that a client reset right after it opened them, in 10 s, whatever their share",
      then = "more are judged by their share of the streams that ended")
  static final int FREE = 500;

  @Limit(
      of =
          "streams that a client reset right after it opened them, in percent of those that reached"
              + " an upstream and ended",
      then = "its new calls are answered with RESOURCE_EXHAUSTED, and it is told to leave")
  static final int MAX_PERCENT = 80;

  @Limit(
      of =
          "calls of one client in 10 s that the gateway answers without an upstream: without a"
              + " route, without time, with headers that are too large",
      then = "if they are 80 % of its calls, as with quick resets")
  static final int MAX_UNFORWARDED = 10_000;

  @Limit(
      of = "time over which quick resets by one client are counted",
      then = "counting begins anew")
  static final Duration WINDOW = Duration.ofSeconds(10);

  @Limit(
      of = "age at which the reset of a stream without an answer is no longer a quick one",
      then = "the reset counts as an end like any other")
  static final Duration QUICK = Duration.ofMillis(100);

  @Limit(
      of = "age below which the reset of a stream is a quick one, however short its deadline",
      then = "the reset is a quick one when it came before half of the deadline, up to 100 ms")
  static final Duration QUICKEST = Duration.ofMillis(10);

  private static final int PERCENT = 100;

  private final int free;
  private long sinceNanos;
  private long ended;
  private long quick;
  private long unforwarded;
  private long refused;

  /**
   * Creates the detection for a new connection.
   *
   * @param streams the limit of open streams: a client may always cancel all of them at once
   */
  RapidResets(int streams) {
    free = Math.max(FREE, 2 * streams);
  }

  /** Counts a closed stream, whatever ended it. */
  void onEnd() {
    ended++;
  }

  /**
   * Counts a stream that was reset before its response began.
   *
   * @param ageNanos since its headers
   * @param timeoutNanos that its client set; 0 for none
   * @return whether the limit is exceeded
   */
  boolean onReset(long nowNanos, long ageNanos, long timeoutNanos) {
    if (!isQuick(ageNanos, timeoutNanos)) {
      return false;
    }
    turn(nowNanos);
    quick++;
    // Calls that reached no upstream, as those that met no connection in their time, hide nothing.
    return quick > free && quick * PERCENT > (ended - unforwarded) * MAX_PERCENT;
  }

  /**
   * Counts a call that ended without work for an upstream.
   *
   * @return whether the limit is exceeded
   */
  boolean onUnforwarded(long nowNanos) {
    turn(nowNanos);
    unforwarded++;
    return unforwarded > MAX_UNFORWARDED && unforwarded * PERCENT > ended * MAX_PERCENT;
  }

  /**
   * Counts a stream that was opened by a client that was asked to leave. The client may not know
   * yet, so as many may be in flight as it may reset.
   *
   * @return whether the limit is exceeded
   */
  boolean onRefused() {
    return ++refused > free;
  }

  private void turn(long nowNanos) {
    if (quick + unforwarded == 0 || nowNanos - sinceNanos > WINDOW.toNanos()) {
      sinceNanos = nowNanos;
      ended = 0;
      quick = 0;
      unforwarded = 0;
    }
  }

  private static boolean isQuick(long ageNanos, long timeoutNanos) {
    long limit = QUICK.toNanos();
    if (timeoutNanos > 0) {
      limit = Math.max(QUICKEST.toNanos(), Math.min(limit, timeoutNanos / 2));
    }
    return ageNanos < limit;
  }
}
