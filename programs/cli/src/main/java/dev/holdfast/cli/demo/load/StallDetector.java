package dev.holdfast.cli.demo.load;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The detector of stalls of this process. A thread that wakes every few milliseconds measures how
 * late it is.
 *
 * <p>A call that is answered in time still misses its deadline when its client gets no processor or
 * collects garbage. Without this detector, such a failure looks like one of the service.
 */
public final class StallDetector implements AutoCloseable {
  private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final Thread thread = new Thread(this::watch, "demo-stall-detector");
  private volatile boolean closed;
  private long longestNanos;
  private long longestEndNanos;

  /** Starts the watch on a daemon thread. */
  public static StallDetector start() {
    StallDetector watch = new StallDetector();
    watch.thread.setDaemon(true);
    watch.thread.start();
    return watch;
  }

  /** The longest stall, for people; times count from the given moment. */
  public synchronized String longest(long sinceNanos) {
    return String.format(
        Locale.ROOT,
        "longest stall of this process: %d ms, until %.3f s",
        TimeUnit.NANOSECONDS.toMillis(longestNanos),
        (longestEndNanos - sinceNanos) / 1e9);
  }

  /**
   * Records a wake-up: the time at which the thread should have woken, and the time at which it
   * did.
   */
  synchronized void onWake(long dueNanos, long nowNanos) {
    if (nowNanos - dueNanos > longestNanos) {
      longestNanos = nowNanos - dueNanos;
      longestEndNanos = nowNanos;
    }
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }

  private void watch() {
    long beforeNanos = System.nanoTime();
    while (!closed) {
      LockSupport.parkNanos(INTERVAL_NANOS);
      long nowNanos = System.nanoTime();
      onWake(beforeNanos + INTERVAL_NANOS, nowNanos);
      beforeNanos = nowNanos;
    }
  }
}
