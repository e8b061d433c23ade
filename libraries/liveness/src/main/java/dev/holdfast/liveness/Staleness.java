package dev.holdfast.liveness;

import java.util.concurrent.atomic.AtomicLongFieldUpdater;

/**
 * The staleness of one connection: the time of the last byte that the peer sent, and whether it is
 * recent enough for a call. Written by the connection's event loop, read by any thread.
 */
final class Staleness {
  /** The sleep detector that all connections of this process share. */
  static final SleepDetector MACHINE =
      new SleepDetector(System::currentTimeMillis, System.nanoTime());

  private static final AtomicLongFieldUpdater<Staleness> LAST_READ =
      AtomicLongFieldUpdater.newUpdater(Staleness.class, "lastReadNanos");

  /** No machine falls asleep and wakes in less, so that busy picks need no wall clock. */
  private static final long TOO_SHORT_TO_SLEEP_NANOS = 1_000_000;

  private final long safeIdleNanos;
  private final SleepDetector sleep;

  /** Written lazily: a read must cost no fence. */
  private volatile long lastReadNanos;

  private volatile boolean suspect;

  Staleness(LivenessOptions options, SleepDetector sleep) {
    this.safeIdleNanos = options.safeIdle().toNanos();
    this.sleep = sleep;
  }

  long lastReadNanos() {
    return lastReadNanos;
  }

  boolean isStale(long nowNanos) {
    long readNanos = lastReadNanos;
    long quietNanos = nowNanos - readNanos;
    return suspect
        || quietNanos > safeIdleNanos
        || (quietNanos > TOO_SHORT_TO_SLEEP_NANOS && readNanos - wokeNanos(nowNanos) < 0);
  }

  void onRead(long nowNanos) {
    LAST_READ.lazySet(this, nowNanos);
  }

  boolean isSuspect() {
    return suspect;
  }

  void suspect(boolean value) {
    suspect = value;
  }

  /** Fires the timers of this loop when the machine wakes. */
  void followSleep(TimerWheel wheel) {
    wheel.follow(sleep);
  }

  /** The time at which the machine last woke; bytes from before prove nothing. */
  long wokeNanos(long nowNanos) {
    return sleep.wokeNanos(nowNanos);
  }
}
