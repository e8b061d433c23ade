package dev.holdfast.core;

import dev.holdfast.core.annotation.Limit;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The executor for user code that a timer starts: interceptors, {@code ClientCall.start}, drain
 * callbacks.
 *
 * <p>Such code may block, and the single thread of {@link SystemScheduler#shared()} keeps the
 * leases of the process alive. So user code never runs on that thread ({@link
 * #assertNotSchedulerThread}). Daemon threads are started on demand, and idle ones end.
 * Thread-safe.
 */
public final class OffloadExecutor {
  private static final Logger log = LoggerFactory.getLogger(OffloadExecutor.class);

  @Limit(
      of = "threads for code of users that a timer begins (interceptors, drain callbacks)",
      then = "what is due waits for one of them; leases and GOAWAY do not")
  static final int MAX_THREADS = 32;

  private static final long IDLE_SECONDS = 30;
  private static final Executor SHARED = create();

  private OffloadExecutor() {}

  /** The one of the process. */
  public static Executor shared() {
    return SHARED;
  }

  /** Whether the calling thread is that of a {@link SystemScheduler}, which must not be blocked. */
  public static boolean isSchedulerThread() {
    return Thread.currentThread() instanceof SystemScheduler.LoopThread;
  }

  /** Fails, where assertions are on, when code of a user is about to run on such a thread. */
  public static void assertNotSchedulerThread() {
    assert !isSchedulerThread() : "code of users on " + Thread.currentThread().getName();
  }

  private static Executor create() {
    AtomicInteger numbers = new AtomicInteger();
    // Sessions and calls bound the queue: each has one task in it at most.
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            MAX_THREADS,
            MAX_THREADS,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "holdfast-offload-" + numbers.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    return task -> pool.execute(() -> run(task));
  }

  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      log.error("event=offloaded_task_failed", e);
    }
  }
}
