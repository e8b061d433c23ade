package dev.holdfast.gateway.traffic;

/** A call or connection that may stay open for so long that it is logged before its end. */
interface LongLived {
  /**
   * Reports the call or connection to its sink, if the last report is at least this pause ago.
   *
   * @param nowNanos {@link System#nanoTime()}
   * @param pauseNanos the least time between two reports
   */
  void reportAfter(long nowNanos, long pauseNanos);
}
