package dev.holdfast.bench.spring;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** The wait for a condition, with a limit. */
final class Await {
  private static final Duration TIMEOUT = Duration.ofMinutes(3);
  private static final long POLL_MILLIS = 5;

  private Await() {}

  /**
   * Returns when a condition holds.
   *
   * @param what is awaited, for the message
   * @throws IllegalStateException when it does not hold within a minute
   */
  static void until(String what, Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    while (!condition.call()) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(what + ": not within " + TIMEOUT.toSeconds() + " s");
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
  }
}
