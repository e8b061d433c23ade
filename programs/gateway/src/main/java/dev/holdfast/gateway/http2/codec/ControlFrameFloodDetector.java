package dev.holdfast.gateway.http2.codec;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;

/**
 * The flood detection for frames of a peer that cost a response and carry no call (CVE-2019-9512
 * and 9515).
 *
 * <p>Peers that measure the round-trip time send a PING with each burst of DATA that they receive.
 * So a PING counts only if there was neither a new call nor DATA since the last one.
 */
@PureCore
final class ControlFrameFloodDetector {
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

  /**
   * The allowance per call: priorities at its start, and RST_STREAM and WINDOW_UPDATE at its end.
   */
  private static final int OTHERS_PER_CALL = 16;

  /**
   * The allowance per DATA frame sent: a slow reader opens the windows of the stream and the
   * connection for small pieces.
   */
  private static final int OTHERS_PER_DATA = 4;

  /** The most unused allowance that is kept. */
  @Limit(
      of = "frames neither HEADERS nor DATA that earlier calls and DATA allow a client",
      then = "further calls and DATA allow it no more")
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
   * Records a PING of the peer.
   *
   * @param stream the last one that a call was made on
   * @param window the peer's connection window; smaller than before if DATA was sent to the peer
   * @return whether the limit is exceeded
   */
  boolean onPing(long nowNanos, int stream, int window) {
    boolean idle = stream == lastStream && window >= lastWindow;
    lastStream = stream;
    lastWindow = window;
    turn(nowNanos);
    return idle && ++pings > MAX_PINGS;
  }

  /**
   * Records a SETTINGS frame of the peer.
   *
   * @return whether the limit is exceeded
   */
  boolean onSettings(long nowNanos) {
    turn(nowNanos);
    return ++settings > MAX_SETTINGS;
  }

  /** Records a HEADERS frame, which adds to the allowance. */
  void onHeaders() {
    othersLeft += OTHERS_PER_CALL;
  }

  /** Records DATA that is sent to the peer, which adds to the allowance. */
  void onDataSent() {
    othersLeft += OTHERS_PER_DATA;
  }

  /**
   * Records a frame that is neither HEADERS nor DATA.
   *
   * @return whether the limit is exceeded
   */
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
