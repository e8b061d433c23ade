package dev.holdfast.gateway.upstream;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.cluster.PooledConnectionListener;
import dev.holdfast.gateway.http2.codec.CallStream;
import dev.holdfast.gateway.limits.MetLimit;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The rate limit of cancelled calls on one upstream connection ({@link ForwardedCancels}). A call
 * whose RST_STREAM is delayed gets no more window, and its waiting frames are dropped. Confined to
 * the connection's event loop.
 */
final class UpstreamCancels {
  @Limit(
      of =
          "cancels held back over one connection to an upstream that can't be replaced, or half of"
              + " its calls if that is less",
      then = "further ones are sent at once, and the upstream may end the connection for them")
  static final int MAX_HELD_BACK = 1_000;

  private final UpstreamConnection connection;
  private final PooledConnectionListener<UpstreamConnection> watch;
  private final ForwardedCancels told = new ForwardedCancels();

  /**
   * The streams whose RST_STREAM is delayed. On a connection that gets no new calls, at most as
   * many as its open calls.
   */
  private final Set<CallStream> heldBack = new LinkedHashSet<>();

  private @Nullable ScheduledFuture<?> timer;

  UpstreamCancels(
      UpstreamConnection connection, PooledConnectionListener<UpstreamConnection> watch) {
    this.connection = connection;
    this.watch = watch;
  }

  void cancel(CallStream stream) {
    if (told.isSpent(System.nanoTime())) {
      if (!connection.isDraining()) {
        watch.onExhausted(connection);
      }
      if (connection.isDraining() || heldBack.size() < mostHeldBack()) {
        heldBack.add(stream);
        connection.stopSending(stream);
        scheduleDelayedResets();
        connection.closeIfUnused();
        return;
      }
    }
    sendReset(stream);
  }

  boolean isHeldBack(@Nullable CallStream stream) {
    return !heldBack.isEmpty() && heldBack.contains(stream);
  }

  int heldBack() {
    return heldBack.size();
  }

  void onClosed(CallStream stream) {
    if (!heldBack.isEmpty()) {
      // The set would give each stream an identity hash code.
      heldBack.remove(stream);
    }
  }

  /** Stops the timer when the connection is closed. */
  void stop() {
    if (timer != null) {
      timer.cancel(false);
    }
  }

  /**
   * The most delayed cancels of a connection that still gets new calls, because it cannot be
   * replaced.
   */
  private int mostHeldBack() {
    return Math.min(MAX_HELD_BACK, connection.mostCalls() / 2);
  }

  private void sendReset(CallStream stream) {
    connection.discard(stream, Http2Error.CANCEL.code());
    if (told.onCancel(System.nanoTime())) {
      connection.loopResources().meters().met(MetLimit.UPSTREAM_CANCELS);
      watch.onAged(connection);
    }
  }

  private void scheduleDelayedResets() {
    if (timer == null || timer.isDone()) {
      long nanos = told.leftNanos(System.nanoTime());
      timer =
          connection
              .context()
              .executor()
              .schedule(this::sendDelayedResets, nanos, TimeUnit.NANOSECONDS);
    }
  }

  private void sendDelayedResets() {
    for (CallStream each : new ArrayList<>(heldBack)) {
      if (told.isSpent(System.nanoTime())) {
        timer = null;
        scheduleDelayedResets();
        return;
      }
      heldBack.remove(each);
      sendReset(each);
    }
  }
}
