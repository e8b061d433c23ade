package dev.holdfast.lab.load;

import dev.holdfast.core.annotation.Limit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The stalls of this process. A thread that wakes every few milliseconds measures how late it is.
 *
 * <p>A call also misses its deadline when one of its ends gets no processor or collects garbage. A
 * count of failed calls needs to tell these apart. Times are those of the wall clock, so that those
 * of two processes of one machine can be compared. Thread-safe.
 */
public final class StallRecorder implements AutoCloseable {
  /** Shorter ones are every day's business of a scheduler. */
  private static final long LEAST_MILLIS = 50;

  private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  @Limit(of = "stalls of a process that a load generator keeps", then = "later ones are not kept")
  private static final int MAX_KEPT = 500;

  private static final double MILLIS_PER_SECOND = 1e3;

  /**
   * A stall of the process.
   *
   * @param endMillis when the process ran again, since the epoch
   * @param millis duration of the stall
   */
  public record ProcessStall(long endMillis, long millis) {
    /** Whether it fell into this time, at least in part. */
    public boolean meets(long fromMillis, long toMillis) {
      return endMillis >= fromMillis && endMillis - millis <= toMillis;
    }
  }

  private final Thread thread = new Thread(this::watch, "stall-recorder");
  private final List<ProcessStall> stalls = new ArrayList<>();
  private ProcessStall longest = new ProcessStall(0, 0);
  private volatile boolean closed;

  private StallRecorder() {}

  /** Starts the watch on a daemon thread. */
  public static StallRecorder start() {
    StallRecorder recorder = new StallRecorder();
    recorder.thread.setDaemon(true);
    recorder.thread.start();
    return recorder;
  }

  /** The stalls of 50 ms or more so far; after {@value #MAX_KEPT} no more are kept. */
  public synchronized List<ProcessStall> stalls() {
    return List.copyOf(stalls);
  }

  /** The longest of some; 0 when there is none. */
  public static long longestMillis(List<ProcessStall> stalls) {
    return stalls.stream().mapToLong(ProcessStall::millis).max().orElse(0);
  }

  /** The longest stall in words; its end counts from the given time. */
  public synchronized String longestInWords(long sinceMillis) {
    return String.format(
        Locale.ROOT,
        "longest stall of this process: %d ms, until %.3f s",
        longest.millis,
        (longest.endMillis - sinceMillis) / MILLIS_PER_SECOND);
  }

  /** Records a wake-up of the watching thread: how late it was, and the time. */
  public synchronized void onWake(long lateNanos, long nowMillis) {
    long lateMillis = TimeUnit.NANOSECONDS.toMillis(lateNanos);
    if (lateMillis > longest.millis) {
      longest = new ProcessStall(nowMillis, lateMillis);
    }
    if (lateMillis >= LEAST_MILLIS && stalls.size() < MAX_KEPT) {
      stalls.add(new ProcessStall(nowMillis, lateMillis));
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
      onWake(nowNanos - beforeNanos - INTERVAL_NANOS, System.currentTimeMillis());
      beforeNanos = nowNanos;
    }
  }
}
