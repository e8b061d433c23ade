package dev.holdfast.bench.streams;

import java.time.Duration;

/** The streams of one side, which stay open and send messages while a slice is measured. */
public interface StreamLoad {
  /**
   * The figures of one slice.
   *
   * @param perSecond messages per second; of a ping-pong, rounds
   * @param p99Micros 99th percentile of the latency of a round; 0 where nothing is answered
   */
  record Slice(double perSecond, double p99Micros) {}

  /**
   * Works, and is idle again when it returns.
   *
   * @param leadIn runs before the measured time, so that the other side's slice is out of the
   *     caches
   * @throws IllegalStateException when a stream failed
   */
  Slice run(Duration leadIn, Duration measured) throws InterruptedException;
}
