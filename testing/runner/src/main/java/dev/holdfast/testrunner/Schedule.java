package dev.holdfast.testrunner;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Tasks that begin in their order, so many at once. */
final class Schedule {
  private Schedule() {}

  /**
   * Runs all tasks and returns their results in the order of the tasks. A task that throws ends the
   * others.
   */
  static <T> List<T> run(List<? extends Callable<T>> tasks, int atOnce)
      throws InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(atOnce);
    try {
      List<Future<T>> futures = new ArrayList<>();
      tasks.forEach(task -> futures.add(threads.submit(task)));
      List<T> results = new ArrayList<>();
      for (Future<T> future : futures) {
        results.add(future.get());
      }
      return results;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } finally {
      threads.shutdownNow();
    }
  }

  /**
   * Runs, one after the other, the tasks of a queue that no other thread has taken, and returns
   * their results.
   */
  static <T> List<T> drain(Queue<? extends Callable<T>> tasks) throws Exception {
    List<T> results = new ArrayList<>();
    for (Callable<T> next = tasks.poll(); next != null; next = tasks.poll()) {
      results.add(next.call());
    }
    return results;
  }
}
