package dev.holdfast.streams.redis;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A single-threaded task loop with an action after each batch of tasks. Tasks that arrive during a
 * batch form the next one, so batches grow with the load, and an idle loop adds no delay. {@link
 * #execute} is thread-safe.
 */
final class BatchLoop implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(BatchLoop.class);

  /** So that the first of a flood is not written after the last. */
  private static final int BATCH = 256;

  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final ThreadPoolExecutor thread;
  private final Runnable afterBatch;

  BatchLoop(String name, Runnable afterBatch) {
    this.afterBatch = afterBatch;
    // One thread; the queue holds the next run of the loop at most.
    thread =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread created = new Thread(task, name);
              created.setDaemon(true);
              return created;
            },
            new ThreadPoolExecutor.DiscardPolicy());
  }

  /** Runs a task soon; never once it is closed. */
  void execute(Runnable task) {
    tasks.add(task);
    wake();
  }

  /** Stops before the next batch. */
  @Override
  public void close() {
    thread.shutdown();
  }

  private void wake() {
    if (scheduled.compareAndSet(false, true)) {
      thread.execute(this::run);
    }
  }

  private void run() {
    Runnable next = tasks.poll();
    for (int i = 0; next != null; i++) {
      guarded(next);
      next = i < BATCH ? tasks.poll() : null;
    }
    guarded(afterBatch);
    scheduled.set(false);
    if (!tasks.isEmpty()) {
      wake();
    }
  }

  private static void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      log.error("event=redis_task_failed", e);
    }
  }
}
