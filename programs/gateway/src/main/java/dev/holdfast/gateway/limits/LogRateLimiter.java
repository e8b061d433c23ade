package dev.holdfast.gateway.limits;

import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** The rate limit of a log line that clients can cause as often as they like. Thread-safe. */
public final class LogRateLimiter {
  @Limit(
      of = "pause between two lines in the log about clients that are refused for the same reason",
      then = "those between them are counted in the next line")
  static final Duration QUIET = Duration.ofSeconds(10);

  private final AtomicInteger untold = new AtomicInteger();
  private final AtomicLong toldNanos = new AtomicLong(System.nanoTime() - QUIET.toNanos());

  /**
   * Counts one more event of the kind that is logged.
   *
   * @return the number of events since the last line, this one included; 0 when no line is due
   */
  public int count() {
    untold.incrementAndGet();
    long nowNanos = System.nanoTime();
    long before = toldNanos.get();
    boolean due = nowNanos - before >= QUIET.toNanos() && toldNanos.compareAndSet(before, nowNanos);
    return due ? untold.getAndSet(0) : 0;
  }
}
