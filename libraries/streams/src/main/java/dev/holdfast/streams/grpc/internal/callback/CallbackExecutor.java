package dev.holdfast.streams.grpc.internal.callback;

import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.Deque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * An executor for application callbacks, which may block. It starts as many threads as needed, so
 * that each task runs as soon as a thread is ready. Thread-safe.
 *
 * <p>An event loop that reads one message for each of many streams would wake a thread for each,
 * which costs more than all its other work. So at most one thread at a time is being woken for a
 * task. When it takes a task and more are queued, it wakes the next thread; awake threads take
 * further tasks. No task waits behind one that blocks, and a burst of short tasks wakes few
 * threads.
 */
public final class CallbackExecutor implements Executor {
  @Limit(
      of = "time for which a thread that calls applications of streams waits for the next callback",
      then = "it ends")
  public static final Duration IDLE = Duration.ofMinutes(1);

  private final String name;
  private final long idleNanos;
  private final Queue<Runnable> tasks;

  /** Threads without work, the last busy one first: it is in the caches, and others may end. */
  private final Deque<Worker> idle = new ConcurrentLinkedDeque<>();

  /** Whether a thread is on its way to a task. While tasks wait there is always one. */
  private final AtomicBoolean searching = new AtomicBoolean();

  /**
   * Creates an executor that has no threads yet.
   *
   * @param name prefix of the thread names
   * @param idle how long a thread waits for a task before it ends
   */
  public CallbackExecutor(String name, Duration idle) {
    this(name, idle, new ConcurrentLinkedQueue<>());
  }

  /** Creates an executor with a given queue, for tests. */
  CallbackExecutor(String name, Duration idle, Queue<Runnable> tasks) {
    this.name = name;
    this.idleNanos = idle.toNanos();
    this.tasks = tasks;
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(Objects.requireNonNull(task));
    search();
  }

  private void search() {
    if (searching.get() || !searching.compareAndSet(false, true)) {
      return;
    }
    Worker first = idle.pollFirst();
    if (first != null) {
      first.wake();
      return;
    }
    boolean begun = false;
    try {
      new Worker(name).start();
      begun = true;
    } finally {
      if (!begun) {
        searching.set(false);
      }
    }
  }

  private final class Worker extends Thread {
    private volatile boolean woken = true;

    Worker(String name) {
      super(name);
      setDaemon(true);
    }

    void wake() {
      woken = true;
      LockSupport.unpark(this);
    }

    @Override
    public void run() {
      while (woken) {
        Runnable task = found();
        while (task != null) {
          if (!tasks.isEmpty()) {
            search();
          }
          task.run();
          // An interrupt that a callback leaves behind is not meant for the next one.
          var unused = Thread.interrupted();
          task = tasks.poll();
        }
        await();
      }
    }

    /** Ends the thread's search for a task. */
    private @Nullable Runnable found() {
      Runnable task = tasks.poll();
      searching.set(false);
      // Who brought one meanwhile relied on this search.
      return task == null ? tasks.poll() : task;
    }

    /** Waits until the thread is woken, or its time is over. */
    private void await() {
      woken = false;
      idle.addFirst(this);
      long endNanos = System.nanoTime() + idleNanos;
      while (!woken) {
        // A thread that was interrupted would not park.
        var unused = Thread.interrupted();
        long leftNanos = endNanos - System.nanoTime();
        if (leftNanos > 0) {
          LockSupport.parkNanos(this, leftNanos);
        } else if (idle.remove(this)) {
          return;
        } else {
          // Somebody is about to wake it.
          Thread.onSpinWait();
        }
      }
    }
  }
}
