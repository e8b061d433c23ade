package dev.holdfast.bench.process;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
  private static final int MAX_KEPT = 500;
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final String WORD = "STALLS";

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

  private final Thread thread = new Thread(this::watch, "bench-stall-recorder");
  private final List<ProcessStall> stalls = new ArrayList<>();
  private volatile boolean closed;

  private StallRecorder() {}

  /** Starts the watch on a daemon thread. */
  public static StallRecorder start() {
    StallRecorder stills = new StallRecorder();
    stills.thread.setDaemon(true);
    stills.thread.start();
    return stills;
  }

  /** All so far; after {@value #MAX_KEPT} no more are kept. */
  public synchronized List<ProcessStall> stalls() {
    return List.copyOf(stalls);
  }

  /** The longest of some; 0 when there is none. */
  public static long longestMillis(List<ProcessStall> stills) {
    return stills.stream().mapToLong(ProcessStall::millis).max().orElse(0);
  }

  /** Tells the parent of this process what was seen, as {@link #ask} wants it. */
  public void tell(ParentLine parent) {
    StringBuilder text = new StringBuilder(WORD);
    stalls()
        .forEach(
            still -> text.append(' ').append(still.endMillis).append(':').append(still.millis));
    parent.say("%s", text);
  }

  /** Asks a child that answers every line with {@link #tell}. */
  public static List<ProcessStall> ask(ChildJvm child) throws Exception {
    child.send(WORD);
    List<ProcessStall> stills = new ArrayList<>();
    for (String word : child.await(WORD, PATIENCE).split(" ", -1)) {
      int colon = word.indexOf(':');
      if (colon > 0) {
        stills.add(
            new ProcessStall(
                Long.parseLong(word.substring(0, colon)),
                Long.parseLong(word.substring(colon + 1))));
      }
    }
    return stills;
  }

  /** Records a wake-up of the watching thread: how late it was, and the time. */
  public synchronized void onWake(long lateNanos, long nowMillis) {
    long lateMillis = TimeUnit.NANOSECONDS.toMillis(lateNanos);
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
