package dev.holdfast.testrunner;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.DoubleSupplier;

/**
 * Further lanes for tasks that other lanes have not begun, while a part of the machine is idle.
 *
 * <p>How many tests keep all cores busy depends on the machine: on a fast one most of their time is
 * waiting. Too many at once make deadlines pass, so a lane takes a task only after some time in
 * which a good part of the cores' time was left.
 */
final class SpareLanes {
  /** For so long, as a task that has just begun is not at work yet. */
  static final int IDLE_SECONDS = 5;

  /** A quarter of the time of two cores is most of what a further task takes. */
  private static final double MOST_LOAD = 0.75;

  private static final long LOOK_MILLIS = 1_000;

  private final int most;
  private final DoubleSupplier cpuLoad;
  private final Pause pause;

  /** Waits for so many milliseconds. */
  interface Pause {
    void forMillis(long millis) throws InterruptedException;
  }

  /**
   * @param most the number of lanes
   * @param cpuLoad the part of all cores' time that was used since the last look, 0 to 1; another
   *     number when it is not known, which counts as busy
   */
  SpareLanes(int most, DoubleSupplier cpuLoad, Pause pause) {
    this.most = most;
    this.cpuLoad = cpuLoad;
    this.pause = pause;
  }

  /** Lanes for what this machine has left. */
  static SpareLanes ofThisMachine(int most) {
    return new SpareLanes(most, new CpuLoad(), Thread::sleep);
  }

  /** Runs tasks of the queues, the first before the next, until all are empty. */
  <T> List<T> drain(List<? extends Queue<? extends Callable<T>>> queues) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(most);
    try {
      List<Future<T>> begun = new ArrayList<>();
      Deque<Double> loads = new ArrayDeque<>();
      while (queues.stream().anyMatch(queue -> !queue.isEmpty())) {
        pause.forMillis(LOOK_MILLIS);
        add(cpuLoad.getAsDouble(), loads);
        if (isIdle(loads) && begun.stream().filter(f -> !f.isDone()).count() < most) {
          loads.clear();
          queues.stream()
              .map(Queue::poll)
              .filter(Objects::nonNull)
              .findFirst()
              .ifPresent(task -> begun.add(threads.submit(task)));
        }
      }
      List<T> results = new ArrayList<>();
      for (Future<T> task : begun) {
        results.add(task.get());
      }
      return results;
    } finally {
      threads.shutdownNow();
    }
  }

  private static void add(double load, Deque<Double> loads) {
    if (!(load >= 0)) {
      loads.clear();
      return;
    }
    loads.addLast(load);
    if (loads.size() > IDLE_SECONDS) {
      loads.removeFirst();
    }
  }

  private static boolean isIdle(Deque<Double> loads) {
    double sum = loads.stream().mapToDouble(load -> load).sum();
    return loads.size() == IDLE_SECONDS && sum <= MOST_LOAD * IDLE_SECONDS;
  }
}
