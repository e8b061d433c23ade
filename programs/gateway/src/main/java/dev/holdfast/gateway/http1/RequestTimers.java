package dev.holdfast.gateway.http1;

import dev.holdfast.gateway.limits.GatewayLimits;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Timers of an HTTP/1.1 client: how long a begun part may take, and how long a connection may be
 * idle.
 */
final class RequestTimers {
  private final EventLoop loop;
  private final GatewayLimits limits;
  private final Runnable onSlowPart;
  private final Runnable onIdle;
  private @Nullable ScheduledFuture<?> part;
  private long partProgress;
  private @Nullable ScheduledFuture<?> idle;

  RequestTimers(EventLoop loop, GatewayLimits limits, Runnable onSlowPart, Runnable onIdle) {
    this.loop = loop;
    this.limits = limits;
    this.onSlowPart = onSlowPart;
    this.onIdle = onIdle;
  }

  /** Starts the idle timer, as no request is in progress. */
  void onIdle() {
    idle = after(limits.idle(), onIdle);
  }

  /**
   * Restarts or stops the part timer after input came, or when reading stopped.
   *
   * @param withinPart whether the client has begun a part and not completed it
   * @param progress see {@link PacedDecoder#progress}
   */
  void onInput(boolean withinPart, long progress) {
    boolean farther = progress != partProgress;
    partProgress = progress;
    if (!withinPart || farther) {
      part = cancelled(part);
    }
    if (withinPart && part == null) {
      part = after(limits.handshake(), onSlowPart);
    }
  }

  void cancel() {
    part = cancelled(part);
    idle = cancelled(idle);
  }

  private ScheduledFuture<?> after(Duration time, Runnable task) {
    return loop.schedule(task, time.toNanos(), TimeUnit.NANOSECONDS);
  }

  private static @Nullable ScheduledFuture<?> cancelled(@Nullable ScheduledFuture<?> timer) {
    if (timer != null) {
      timer.cancel(false);
    }
    return null;
  }
}
