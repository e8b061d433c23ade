package dev.holdfast.inprocess;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A serial executor: tasks run one at a time and in order, on threads of the given executor. A task
 * that is added while another one runs is run by the same thread. The flow control of the call
 * bounds the queue.
 */
final class SerialExecutor {
  private final Executor executor;
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>(2);
  private boolean running;

  SerialExecutor(Executor executor) {
    this.executor = executor;
  }

  /**
   * Runs a task, now or later.
   *
   * @throws java.util.concurrent.RejectedExecutionException when the executor takes no more; the
   *     task is dropped then
   */
  void run(Runnable task) {
    synchronized (tasks) {
      tasks.add(task);
      if (running) {
        return;
      }
      running = true;
    }
    boolean taken = false;
    try {
      executor.execute(this::runAll);
      taken = true;
    } finally {
      if (!taken) {
        drop();
      }
    }
  }

  private void drop() {
    synchronized (tasks) {
      tasks.clear();
      running = false;
    }
  }

  private void runAll() {
    boolean alive = false;
    try {
      for (Runnable task = next(); task != null; task = next()) {
        task.run();
      }
      alive = true;
    } finally {
      if (!alive) {
        // An Error was thrown: the next task starts the run again.
        drop();
      }
    }
  }

  private @Nullable Runnable next() {
    synchronized (tasks) {
      Runnable task = tasks.poll();
      running = task != null;
      return task;
    }
  }
}
