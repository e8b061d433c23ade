package dev.holdfast.gateway.http1;

import dev.holdfast.gateway.limits.GatewayLimits;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The time that a client over HTTP/1.1 has for what it begins, and without a request. */
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

  /** No request is there. */
  void onIdle() {
    idle = after(limits.idle(), onIdle);
  }

  /**
   * Input came, or is not read any more.
   *
   * @param withinPart whether the client has begun a part of it that has not ended
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
