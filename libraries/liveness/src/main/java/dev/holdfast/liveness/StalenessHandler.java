package dev.holdfast.liveness;

import io.netty.channel.ChannelDuplexHandler;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;

/** The time of the peer's last sign of life, and whether it is recent enough for a call. */
public abstract class StalenessHandler extends ChannelDuplexHandler implements WatchedConnection {
  /** The sleep detector that all connections of this process share. */
  static final SleepDetector MACHINE =
      new SleepDetector(System::currentTimeMillis, System.nanoTime());

  private static final AtomicLongFieldUpdater<StalenessHandler> LIFE =
      AtomicLongFieldUpdater.newUpdater(StalenessHandler.class, "lifeNanos");

  /** No machine falls asleep and wakes in less, so that busy picks need no wall clock. */
  private static final long TOO_SHORT_TO_SLEEP_NANOS = 1_000_000;

  private final long safeIdleNanos;
  private final SleepDetector sleep;

  /** Read by any thread, written by the event loop, lazily: a read must cost no fence. */
  private volatile long lifeNanos;

  private volatile boolean suspect;

  StalenessHandler(LivenessOptions options, SleepDetector sleep) {
    this.safeIdleNanos = options.safeIdle().toNanos();
    this.sleep = sleep;
  }

  @Override
  public final long lastReadNanos() {
    return lifeNanos;
  }

  @Override
  public final boolean isStale(long nowNanos) {
    long readNanos = lifeNanos;
    long quietNanos = nowNanos - readNanos;
    return suspect
        || quietNanos > safeIdleNanos
        || (quietNanos > TOO_SHORT_TO_SLEEP_NANOS && readNanos - wokeNanos(nowNanos) < 0);
  }

  final void heard(long nowNanos) {
    LIFE.lazySet(this, nowNanos);
  }

  final boolean isSuspect() {
    return suspect;
  }

  final void suspect(boolean value) {
    suspect = value;
  }

  /** Lets the alarms of this loop go off when the machine wakes. */
  final void followSleep(TimerWheel wheel) {
    wheel.follow(sleep);
  }

  /** The time at which the machine last woke; signs of life from before prove nothing. */
  final long wokeNanos(long nowNanos) {
    return sleep.wokeNanos(nowNanos);
  }
}
