package dev.holdfast.gateway.traffic;

/** What may go on for so long that it is told of before its end. */
interface LongLived {
  /** Tells of it, when that was not done for so long. */
  void tellAfter(long nowNanos, long pauseNanos);
}
