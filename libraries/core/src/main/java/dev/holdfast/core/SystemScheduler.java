package dev.holdfast.core;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The real {@link Scheduler}: one daemon thread.
 *
 * <p>One thread is enough for what runs here (decisions; never I/O, and never code of users, which
 * {@link OffloadExecutor} runs), and it makes every state machine of a process free of locks.
 * {@link #shared()} serves all of a process; tests and programs that want a loop of their own
 * {@link #create} one and close it.
 */
public final class SystemScheduler implements Scheduler, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SystemScheduler.class);

  private static final class Shared {
    static final SystemScheduler INSTANCE = create("holdfast-events");
  }

  /** The scheduler's thread; its class marks it as one that never runs user code. */
  static final class LoopThread extends Thread {
    LoopThread(Runnable task, String name) {
      super(task, name);
      setDaemon(true);
    }
  }

  private final ScheduledThreadPoolExecutor executor;
  private volatile @Nullable Thread thread;

  private SystemScheduler(String threadName) {
    executor =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread created = new LoopThread(task, threadName);
              thread = created;
              return created;
            });
    // Threads that read files or wait for answers end later than the loop that asked them.
    executor.setRejectedExecutionHandler(
        (task, closed) -> log.debug("event=task_dropped reason=scheduler_closed"));
    executor.setRemoveOnCancelPolicy(true);
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /** The loop that all of a process shares. It is never closed. */
  public static SystemScheduler shared() {
    return Shared.INSTANCE;
  }

  /** A loop of its own, whose thread carries the given name. */
  public static SystemScheduler create(String threadName) {
    return new SystemScheduler(threadName);
  }

  @Override
  public Clock clock() {
    return Clock.system();
  }

  @Override
  public void execute(Runnable task) {
    executor.execute(guarded(task));
  }

  @Override
  public Subscription schedule(Duration delay, Runnable task) {
    long delayNanos = Math.max(0, delay.toNanos());
    Future<?> future = executor.schedule(guarded(task), delayNanos, TimeUnit.NANOSECONDS);
    return () -> future.cancel(false);
  }

  @Override
  public boolean isCurrent() {
    return Thread.currentThread() == thread;
  }

  /** Stops the loop; what has not begun is dropped, and what is handed in later as well. */
  @Override
  public void close() {
    executor.shutdownNow();
  }

  private static Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException e) {
        log.error("event=task_failed", e);
      } catch (Error e) {
        log.error("event=task_failed", e);
        throw e;
      }
    };
  }
}
