package dev.holdfast.streams.grpc;

import dev.holdfast.core.Clock;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.SystemScheduler;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The real scheduler with clocks that can be changed: one put forward, so that what began before is
 * old, or a wall clock that is wrong.
 */
final class AgedScheduler implements Scheduler {
  private final Scheduler real = SystemScheduler.shared();
  private final AtomicLong olderNanos = new AtomicLong();
  private volatile Duration wallAhead = Duration.ZERO;
  private final Clock clock =
      new Clock() {
        @Override
        public long nanoTime() {
          return real.clock().nanoTime() + olderNanos.get();
        }

        @Override
        public Instant wallTime() {
          return real.clock().wallTime().plus(wallAhead);
        }
      };

  void age(Duration by) {
    olderNanos.addAndGet(by.toNanos());
  }

  /** Sets the wall clock to the true time and this. */
  AgedScheduler wallAhead(Duration by) {
    wallAhead = by;
    return this;
  }

  @Override
  public Clock clock() {
    return clock;
  }

  @Override
  public void execute(Runnable task) {
    real.execute(task);
  }

  @Override
  public Subscription schedule(Duration delay, Runnable task) {
    return real.schedule(delay, task);
  }

  @Override
  public boolean isCurrent() {
    return real.isCurrent();
  }
}
