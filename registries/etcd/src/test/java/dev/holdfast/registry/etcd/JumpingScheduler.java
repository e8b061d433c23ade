package dev.holdfast.registry.etcd;

import dev.holdfast.core.Clock;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.SystemScheduler;
import java.time.Duration;
import java.time.Instant;

/** A real loop on a machine whose wall clock somebody sets; its monotonic time goes on as ever. */
final class JumpingScheduler implements Scheduler, AutoCloseable {
  private final SystemScheduler real = SystemScheduler.create("jumping-clock");
  private volatile Duration offset = Duration.ZERO;

  /** From now on the wall clock is this much ahead of the real one, or behind it. */
  void setAhead(Duration value) {
    offset = value;
  }

  @Override
  public Clock clock() {
    return new Clock() {
      @Override
      public long nanoTime() {
        return real.clock().nanoTime();
      }

      @Override
      public Instant wallTime() {
        return real.clock().wallTime().plus(offset);
      }
    };
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

  @Override
  public void close() {
    real.execute(real::close);
  }
}
