package dev.holdfast.core.testkit;

import dev.holdfast.core.Clock;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import java.time.Duration;
import java.util.PriorityQueue;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Scheduler} whose time moves only when told: {@link #advance} and {@link #runUntilIdle}
 * run the tasks on the calling thread, in the order of their time and then of their arrival.
 *
 * <p>Tasks may be handed in from any thread; one thread at a time may run them. A task that throws
 * ends the run with its exception, so that a test can't miss it.
 */
public final class VirtualScheduler implements Scheduler {
  /** More tasks than this in one call mean that something runs in a circle without time passing. */
  public static final int MAX_TASKS_PER_INSTANT = 100_000;

  private static final class Task implements Comparable<Task> {
    final long atNanos;
    final long sequence;
    final Runnable action;

    Task(long atNanos, long sequence, Runnable action) {
      this.atNanos = atNanos;
      this.sequence = sequence;
      this.action = action;
    }

    @Override
    public int compareTo(Task other) {
      int byTime = Long.compare(atNanos, other.atNanos);
      return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
    }
  }

  private final VirtualClock clock = new VirtualClock();
  private final Queue<Task> tasks = new PriorityQueue<>();
  private long nextSequence;
  private volatile @Nullable Thread running;

  @Override
  public Clock clock() {
    return clock;
  }

  /** The clock, with what only tests may do to it. */
  public VirtualClock virtualClock() {
    return clock;
  }

  @Override
  public void execute(Runnable task) {
    add(Duration.ZERO, task);
  }

  @Override
  public Subscription schedule(Duration delay, Runnable task) {
    Task added = add(delay, task);
    return () -> remove(added);
  }

  @Override
  public boolean isCurrent() {
    return Thread.currentThread() == running;
  }

  /** Runs what is due now, and what that makes due now. */
  public void runUntilIdle() {
    advance(Duration.ZERO);
  }

  /** Moves time on, running each task at its own time. */
  public void advance(Duration by) {
    long endNanos = clock.elapsedNanos() + by.toNanos();
    if (running != null) {
      throw new IllegalStateException("advance() from within a task");
    }
    running = Thread.currentThread();
    try {
      int atThisInstant = 0;
      for (Task task = poll(endNanos); task != null; task = poll(endNanos)) {
        atThisInstant = task.atNanos > clock.elapsedNanos() ? 0 : atThisInstant + 1;
        if (atThisInstant > MAX_TASKS_PER_INSTANT) {
          throw new IllegalStateException("runs in a circle at " + clock.elapsed());
        }
        clock.moveTo(Math.max(task.atNanos, clock.elapsedNanos()));
        task.action.run();
      }
      clock.moveTo(endNanos);
    } finally {
      running = null;
    }
  }

  /** Tasks that wait for their time. */
  public synchronized int pending() {
    return tasks.size();
  }

  private synchronized Task add(Duration delay, Runnable action) {
    long atNanos = clock.elapsedNanos() + Math.max(0, delay.toNanos());
    Task task = new Task(atNanos, nextSequence++, action);
    tasks.add(task);
    return task;
  }

  private synchronized void remove(Task task) {
    tasks.remove(task);
  }

  private synchronized @Nullable Task poll(long endNanos) {
    Task first = tasks.peek();
    return first == null || first.atNanos > endNanos ? null : tasks.poll();
  }
}
