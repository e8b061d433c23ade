package dev.holdfast.streams.grpc;

import dev.holdfast.core.Clock;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.SystemScheduler;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/** The real scheduler with a clock that can be put forward, so that what began before is old. */
final class AgedScheduler implements Scheduler {
  private final Scheduler real = SystemScheduler.shared();
  private final AtomicLong olderNanos = new AtomicLong();
  private final Clock clock =
      new Clock() {
        @Override
        public long nanoTime() {
          return real.clock().nanoTime() + olderNanos.get();
        }

        @Override
        public Instant wallTime() {
          return real.clock().wallTime();
        }
      };

  void age(Duration by) {
    olderNanos.addAndGet(by.toNanos());
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
