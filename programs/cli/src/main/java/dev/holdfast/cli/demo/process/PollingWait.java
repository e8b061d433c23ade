package dev.holdfast.cli.demo.process;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The polling wait for conditions of other processes, which offer no notification. */
public final class PollingWait {
  private static final long POLL_INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(3);

  /** A condition that may become true. */
  public interface PolledCondition {
    boolean holds() throws InterruptedException;
  }

  private PollingWait() {}

  /**
   * Polls until the condition holds or the time is over.
   *
   * @return whether it held
   */
  public static boolean await(long timeoutMillis, PolledCondition polledCondition)
      throws InterruptedException {
    long startNanos = System.nanoTime();
    long timeoutNanos = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    while (!polledCondition.holds()) {
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted while waiting");
      }
      if (System.nanoTime() - startNanos >= timeoutNanos) {
        return false;
      }
      LockSupport.parkNanos(POLL_INTERVAL_NANOS);
    }
    return true;
  }
}
