package dev.holdfast.gateway.http1;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;

/** Counts the frames of a WebSocket's client that carry nothing: PING, PONG and empty fragments. */
@PureCore
final class EmptyFrameLimit {
  @Limit(
      of = "frames of a WebSocket in 10 s that carry nothing: PING, PONG and empty fragments",
      then = "it is closed with 1008")
  static final int MAX_EMPTY = 1_000;

  @Limit(of = "time over which frames that carry nothing are counted", then = "it begins anew")
  static final Duration WINDOW = Duration.ofSeconds(10);

  private long sinceNanos;
  private int frames;

  /** Counts an empty frame; true when the limit of the time window is exceeded. */
  boolean onEmpty(long nowNanos) {
    if (frames == 0 || nowNanos - sinceNanos > WINDOW.toNanos()) {
      sinceNanos = nowNanos;
      frames = 0;
    }
    return ++frames > MAX_EMPTY;
  }
}
