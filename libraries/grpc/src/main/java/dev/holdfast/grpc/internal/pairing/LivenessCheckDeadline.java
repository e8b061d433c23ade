package dev.holdfast.grpc.internal.pairing;

import dev.holdfast.core.annotation.Limit;
import io.grpc.LoadBalancer.Helper;
import java.time.Duration;

/**
 * The deadline of a liveness probe on an idle connection, and whether calls wait for the answer.
 * Confined to the channel's SynchronizationContext, except for {@link #await()}.
 */
final class LivenessCheckDeadline {
  /** The least and the most that it gets before its replacement opens. */
  static final Duration LEAST_TIME = Duration.ofMillis(50);

  @Limit(
      of = "time that an idle connection gets for its liveness check before a replacement opens",
      then = "a replacement opens and the call goes to whichever is ready first")
  static final Duration MOST_TIME = Duration.ofSeconds(1);

  private final SyncContextTimer syncContextTimer;
  private volatile boolean awaited;

  LivenessCheckDeadline(Helper helper) {
    this.syncContextTimer = new SyncContextTimer(helper);
  }

  /** A call would have gone here, but waits. Any thread. */
  void await() {
    awaited = true;
  }

  /** Whether there was such a call since the last time. */
  boolean clearAwaited() {
    boolean was = awaited;
    awaited = false;
    return was;
  }

  boolean isUnderWay() {
    return syncContextTimer.isSet();
  }

  /**
   * Starts the deadline of a probe that was just sent.
   *
   * @param handshakeNanos the duration of the connect: at least one round trip, and so a fair limit
   *     for an answer
   * @param late called once when no answer has come in time
   */
  void begin(long handshakeNanos, Runnable late) {
    long nanos = Math.min(MOST_TIME.toNanos(), Math.max(LEAST_TIME.toNanos(), handshakeNanos));
    syncContextTimer.set(nanos, late);
  }

  void cancel() {
    syncContextTimer.cancel();
  }
}
