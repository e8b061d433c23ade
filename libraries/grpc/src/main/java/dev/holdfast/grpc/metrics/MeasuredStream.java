package dev.holdfast.grpc.metrics;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** The time and the compressed bytes of a call or an attempt, until its end. Thread-safe. */
final class MeasuredStream {
  private final long beganNanos = System.nanoTime();
  private final AtomicLong sentBytes = new AtomicLong();
  private final AtomicLong receivedBytes = new AtomicLong();

  void sent(long bytes) {
    sentBytes.addAndGet(bytes);
  }

  void received(long bytes) {
    receivedBytes.addAndGet(bytes);
  }

  void recordTo(CallMeters.EndedMeters meters) {
    meters.duration().record(System.nanoTime() - beganNanos, TimeUnit.NANOSECONDS);
    meters.sent().record((double) sentBytes.get());
    meters.received().record((double) receivedBytes.get());
  }
}
