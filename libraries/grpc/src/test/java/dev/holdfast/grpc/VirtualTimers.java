package dev.holdfast.grpc;

import dev.holdfast.core.Subscription;
import dev.holdfast.core.testkit.VirtualScheduler;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** A {@link VirtualScheduler} as grpc wants its timers: only what SynchronizationContext uses. */
public final class VirtualTimers extends AbstractExecutorService
    implements ScheduledExecutorService {
  private final VirtualScheduler scheduler;

  public VirtualTimers(VirtualScheduler scheduler) {
    this.scheduler = scheduler;
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
    Duration in = Duration.of(delay, unit.toChronoUnit());
    long atNanos = scheduler.clock().nanoTime() + in.toNanos();
    return new Timer(command, scheduler.schedule(in, command), atNanos);
  }

  @Override
  public void execute(Runnable command) {
    scheduler.execute(command);
  }

  @Override
  public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable command, long initialDelay, long period, TimeUnit unit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable command, long initialDelay, long delay, TimeUnit unit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void shutdown() {}

  @Override
  public List<Runnable> shutdownNow() {
    return List.of();
  }

  @Override
  public boolean isShutdown() {
    return false;
  }

  @Override
  public boolean isTerminated() {
    return false;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return false;
  }

  private final class Timer extends FutureTask<Void> implements ScheduledFuture<Void> {
    private final Subscription timer;
    private final long atNanos;

    Timer(Runnable command, Subscription timer, long atNanos) {
      super(command, null);
      this.timer = timer;
      this.atNanos = atNanos;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      timer.close();
      return super.cancel(mayInterruptIfRunning);
    }

    @Override
    public long getDelay(TimeUnit unit) {
      return unit.convert(atNanos - scheduler.clock().nanoTime(), TimeUnit.NANOSECONDS);
    }

    @Override
    public int compareTo(Delayed other) {
      return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
    }
  }
}
