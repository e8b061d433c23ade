package dev.holdfast.gateway.cluster;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/** A loop whose time passes when a test says so; without chance unless it is given some. */
final class VirtualLoop implements LoopContext {
  /** What was said of endpoints, such as "ejected 10.0.0.1:1 reset 5 for PT10S". */
  final List<String> said = new ArrayList<>();

  private record Task(long atNanos, long order, Runnable task) {}

  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(Comparator.comparingLong(Task::atNanos).thenComparing(Task::order));
  private final IntUnaryOperator random;
  private @Nullable Thread thread;
  private long nowNanos;
  private long orders;

  VirtualLoop() {
    this(bound -> 0);
  }

  VirtualLoop(IntUnaryOperator random) {
    this.random = random;
    // Not near zero, where a time that was never set would look like the beginning.
    this.nowNanos = System.nanoTime();
  }

  void advance(long nanos) {
    long end = nowNanos + nanos;
    while (!tasks.isEmpty() && tasks.peek().atNanos - end <= 0) {
      Task next = tasks.remove();
      nowNanos = Math.max(nowNanos, next.atNanos);
      next.task.run();
    }
    nowNanos = end;
  }

  @Override
  public long nanoTime() {
    return nowNanos;
  }

  @Override
  public void assertInLoop() {
    if (thread == null) {
      thread = Thread.currentThread();
    }
    if (thread != Thread.currentThread()) {
      throw new AssertionError("another thread (expected: the first one that was seen)");
    }
  }

  @Override
  public int random(int bound) {
    return random.applyAsInt(bound);
  }

  @Override
  public void after(long nanos, Runnable task) {
    tasks.add(new Task(nowNanos + nanos, orders++, task));
  }

  @Override
  public void onEjected(String cluster, Ejection ejection) {
    said.add(
        "ejected "
            + ejection.address()
            + " "
            + ejection.fault().tag()
            + " "
            + ejection.faults()
            + " for "
            + ejection.time());
  }

  @Override
  public void onUnejected(String cluster, String address) {
    said.add("returned " + address);
  }
}
