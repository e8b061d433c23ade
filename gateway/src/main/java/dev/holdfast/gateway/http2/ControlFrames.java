package dev.holdfast.gateway.http2;

import dev.holdfast.core.Limit;
import dev.holdfast.core.PureCore;
import java.time.Duration;

/**
 * Counts the frames of a peer that cost an answer and carry no call (CVE-2019-9512 and 9515).
 *
 * <p>Peers that measure the way send a PING with each burst of DATA that they get, so a PING counts
 * only if nothing happened since the one before it.
 */
@PureCore
final class ControlFrames {
  @Limit(
      of = "PINGs of one peer in 10 s with neither a new call nor DATA for it between them",
      then = "its connection is closed with ENHANCE_YOUR_CALM")
  static final int MAX_PINGS = 1_000;

  @Limit(
      of = "SETTINGS of one peer in 10 s",
      then = "its connection is closed with ENHANCE_YOUR_CALM")
  static final int MAX_SETTINGS = 100;

  @Limit(
      of =
          "frames of a client in 10 s that are neither HEADERS nor DATA, beside 16 for each call"
              + " and 4 for each DATA that it was sent",
      then = "its connection is closed with ENHANCE_YOUR_CALM")
  static final int MAX_OTHERS = 10_000;

  /** A call comes with its priorities, and ends with a reset and what crosses it. */
  private static final int OTHERS_PER_CALL = 16;

  /** Who reads in small pieces opens the windows of the stream and of the connection for each. */
  private static final int OTHERS_PER_DATA = 4;

  /** What was earned by calls and DATA, but not used, is not kept for ever. */
  private static final int MOST_EARNED = 10 * MAX_OTHERS;

  @Limit(of = "time over which PINGs and SETTINGS of a peer are counted", then = "it begins anew")
  static final Duration WINDOW = Duration.ofSeconds(10);

  private long sinceNanos;
  private int pings;
  private int settings;
  private int lastStream;
  private int lastWindow;
  private long othersSinceNanos;
  private long othersLeft = MAX_OTHERS;

  /**
   * A PING came.
   *
   * @param stream the last one that a call was made on
   * @param window how many bytes of DATA the peer takes; less than before when it was sent some
   * @return whether it was one too many
   */
  boolean onPing(long nowNanos, int stream, int window) {
    boolean idle = stream == lastStream && window >= lastWindow;
    lastStream = stream;
    lastWindow = window;
    turn(nowNanos);
    return idle && ++pings > MAX_PINGS;
  }

  /** SETTINGS came; whether they were one too many. */
  boolean onSettings(long nowNanos) {
    turn(nowNanos);
    return ++settings > MAX_SETTINGS;
  }

  /** HEADERS came. */
  void onHeaders() {
    othersLeft += OTHERS_PER_CALL;
  }

  /** DATA is sent to the peer. */
  void onDataSent() {
    othersLeft += OTHERS_PER_DATA;
  }

  /** A frame came that is neither HEADERS nor DATA; whether it was one too many. */
  boolean onOther(long nowNanos) {
    othersLeft = Math.min(othersLeft, MOST_EARNED) - 1;
    if (nowNanos - othersSinceNanos > WINDOW.toNanos()) {
      othersSinceNanos = nowNanos;
      othersLeft = Math.max(othersLeft, MAX_OTHERS);
    }
    return othersLeft < 0;
  }

  private void turn(long nowNanos) {
    if (nowNanos - sinceNanos > WINDOW.toNanos() || pings + settings == 0) {
      sinceNanos = nowNanos;
      pings = 0;
      settings = 0;
    }
  }
}
