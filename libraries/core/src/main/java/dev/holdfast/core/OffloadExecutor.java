package dev.holdfast.core;

import dev.holdfast.core.annotation.Limit;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
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
 *
 * <p>Timers of a thousand sessions may end within a millisecond, when a link was cut that carried
 * them all. All threads at once would then keep the others of the process from its processors. So
 * at most one thread at a time is being woken; when it takes a task and more are queued, it wakes
 * the next one, and takes further tasks. No task waits behind one that blocks, while there are
 * threads.
 */
public final class OffloadExecutor implements Executor {
  private static final Logger log = LoggerFactory.getLogger(OffloadExecutor.class);

  @Limit(
      of = "threads for code of users that a timer begins (interceptors, drain callbacks)",
      then = "what is due waits for one of them; leases and GOAWAY do not")
  static final int MAX_THREADS = 32;

  private static final long IDLE_SECONDS = 30;
  private static final Executor SHARED = new OffloadExecutor();

  /** Sessions and calls bound it: each has one task in it at most. */
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

  /** Whether a thread is on its way to a task. While tasks wait there is always one. */
  private final AtomicBoolean searching = new AtomicBoolean();

  private final Executor threads;

  private OffloadExecutor() {
    this(newThreads());
  }

  /** Creates an executor with given threads, for tests. */
  OffloadExecutor(Executor threads) {
    this.threads = threads;
  }

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

  @Override
  public void execute(Runnable task) {
    tasks.add(Objects.requireNonNull(task));
    search();
  }

  private void search() {
    if (!searching.compareAndSet(false, true)) {
      return;
    }
    boolean begun = false;
    try {
      threads.execute(this::runTasks);
      begun = true;
    } finally {
      if (!begun) {
        searching.set(false);
      }
    }
  }

  private void runTasks() {
    Runnable task = found();
    while (task != null) {
      if (!tasks.isEmpty()) {
        search();
      }
      run(task);
      // An interrupt that a task leaves behind is not meant for the next one.
      var unused = Thread.interrupted();
      task = tasks.poll();
    }
  }

  /** Ends the thread's search for a task. */
  private @Nullable Runnable found() {
    Runnable task = tasks.poll();
    searching.set(false);
    // Who brought one meanwhile relied on this search.
    return task == null ? tasks.poll() : task;
  }

  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      log.error("event=offloaded_task_failed", e);
    }
  }

  private static Executor newThreads() {
    AtomicInteger numbers = new AtomicInteger();
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
    return pool;
  }
}
