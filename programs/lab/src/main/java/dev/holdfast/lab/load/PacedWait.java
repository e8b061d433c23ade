package dev.holdfast.lab.load;

import java.util.concurrent.locks.LockSupport;

/** The wait of a thread for the next call of its {@link Pacer}. */
public final class PacedWait {
  private PacedWait() {}

  /**
   * Returns when the next call is due, at once if it is late.
   *
   * @return when it is due, by {@link System#nanoTime()}
   */
  public static long untilDue(Pacer pacer) {
    long dueNanos = pacer.dueNanos();
    for (long early = dueNanos - System.nanoTime(); early > 0; ) {
      LockSupport.parkNanos(early);
      early = dueNanos - System.nanoTime();
    }
    return dueNanos;
  }
}
