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
 * The rate limits of cancelled calls on one upstream connection ({@link ForwardedCancels}, {@link
 * UnacceptedResets}). A call whose RST_STREAM is delayed gets no more window, and its waiting
 * frames are dropped. Confined to the connection's event loop.
 */
final class UpstreamCancels {
  @Limit(
      of =
          "cancels held back over one connection to an upstream that takes new calls, or half of"
              + " its calls if that is less",
      then = "further ones are sent at once, and the upstream may end the connection for them")
  static final int MAX_HELD_BACK = 1_000;

  private final UpstreamConnection connection;
  private final PooledConnectionListener<UpstreamConnection> watch;
  private final ForwardedCancels told = new ForwardedCancels();
  private final UnacceptedResets unaccepted = new UnacceptedResets();

  /**
   * The streams whose RST_STREAM is delayed. On a connection that gets no new calls, at most as
   * many as its open calls.
   */
  private final Set<CallStream> heldBack = new LinkedHashSet<>();

  private @Nullable ScheduledFuture<?> timer;
  private @Nullable ScheduledFuture<?> pause;

  UpstreamCancels(
      UpstreamConnection connection, PooledConnectionListener<UpstreamConnection> watch) {
    this.connection = connection;
    this.watch = watch;
  }

  void cancel(CallStream stream) {
    boolean spent = told.isSpent(System.nanoTime());
    if (spent && !connection.isDraining()) {
      watch.onExhausted(connection);
    }
    boolean early = spent || isEarly(stream);
    if (early && (connection.isDraining() || heldBack.size() < mostHeldBack())) {
      heldBack.add(stream);
      connection.stopSending(stream);
      if (spent) {
        scheduleDelayedResets();
      }
      connection.closeIfUnused();
      return;
    }
    sendReset(stream);
  }

  /** Handles the acknowledgement of SETTINGS by the upstream. */
  void onSettingsAck() {
    if (unaccepted.onSettingsAck()) {
      pause =
          connection
              .context()
              .executor()
              .schedule(this::startBatch, UnacceptedResets.PAUSE.toNanos(), TimeUnit.NANOSECONDS);
    }
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

  /** Stops the timers when the connection is closed. */
  void stop() {
    if (timer != null) {
      timer.cancel(false);
    }
    if (pause != null) {
      pause.cancel(false);
    }
  }

  /** The most delayed cancels of a connection that still gets new calls. */
  private int mostHeldBack() {
    return Math.min(MAX_HELD_BACK, connection.mostCalls() / 2);
  }

  /** Whether the stream has no response, and too many such streams were reset just now. */
  private boolean isEarly(CallStream stream) {
    return unaccepted.isFull() && !connection.isAnswered(stream);
  }

  private void sendReset(CallStream stream) {
    boolean answered = connection.isAnswered(stream);
    connection.discard(stream, Http2Error.CANCEL.code());
    if (told.onCancel(System.nanoTime())) {
      connection.loopResources().meters().met(MetLimit.UPSTREAM_CANCELS);
      watch.onAged(connection);
    }
    if (!answered && unaccepted.onReset()) {
      connection.sendBarrier();
    }
  }

  private void startBatch() {
    unaccepted.startBatch();
    if (!connection.isClosing()) {
      sendDelayedResets();
    }
  }

  private void scheduleDelayedResets() {
    if (timer == null || timer.isDone()) {
      long nanos = told.leftNanos(System.nanoTime());
      timer =
          connection.context().executor().schedule(this::onWindowEnd, nanos, TimeUnit.NANOSECONDS);
    }
  }

  private void onWindowEnd() {
    timer = null;
    sendDelayedResets();
  }

  private void sendDelayedResets() {
    for (CallStream each : new ArrayList<>(heldBack)) {
      if (told.isSpent(System.nanoTime())) {
        scheduleDelayedResets();
        return;
      }
      if (!isEarly(each)) {
        heldBack.remove(each);
        sendReset(each);
      }
    }
  }
}
