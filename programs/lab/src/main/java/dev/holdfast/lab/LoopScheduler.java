package dev.holdfast.lab;

import dev.holdfast.core.Clock;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** An event loop of Netty seen as a {@link Scheduler}. */
final class LoopScheduler implements Scheduler {
  private final EventLoop loop;

  LoopScheduler(EventLoop loop) {
    this.loop = loop;
  }

  @Override
  public Clock clock() {
    return Clock.system();
  }

  @Override
  public void execute(Runnable task) {
    loop.execute(task);
  }

  @Override
  public Subscription schedule(Duration delay, Runnable task) {
    Future<?> timer = loop.schedule(task, Math.max(0, delay.toNanos()), TimeUnit.NANOSECONDS);
    return () -> timer.cancel(false);
  }

  @Override
  public boolean isCurrent() {
    return loop.inEventLoop();
  }
}
