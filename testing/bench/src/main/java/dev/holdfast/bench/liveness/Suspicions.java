package dev.holdfast.bench.liveness;

import dev.holdfast.core.CloseReason;
import dev.holdfast.liveness.LivenessMeter;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The times at which connections of this process became suspect because sent data was not
 * acknowledged. The source is their meter, sampled every few milliseconds.
 */
final class Suspicions {
  private static final long POLL_INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
  private static final int MAX_SEEN = 10_000;

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<Long> seenNanos = new CopyOnWriteArrayList<>();

  private Suspicions() {}

  /** Records from now on, until the process ends. */
  static Suspicions watch() {
    Suspicions suspicions = new Suspicions();
    Metrics.addRegistry(suspicions.meters);
    Thread looker = new Thread(suspicions::look, "bench-suspicions");
    looker.setDaemon(true);
    looker.start();
    return suspicions;
  }

  /** Milliseconds from a moment to each suspicion since. */
  List<Long> millisSince(long fromNanos) {
    return seenNanos.stream()
        .filter(nanos -> nanos - fromNanos > 0)
        .map(nanos -> TimeUnit.NANOSECONDS.toMillis(nanos - fromNanos))
        .toList();
  }

  private void look() {
    while (seenNanos.size() < MAX_SEEN) {
      long nowNanos = System.nanoTime();
      Counter counter = counter();
      for (double more = counter == null ? 0 : counter.count() - seenNanos.size();
          more > 0;
          more--) {
        seenNanos.add(nowNanos);
      }
      LockSupport.parkNanos(POLL_INTERVAL_NANOS);
    }
  }

  /** There is none before the first channel. */
  private @Nullable Counter counter() {
    return meters
        .find(LivenessMeter.SUSPECTED.meterName())
        .tag("code", CloseReason.DATA_UNACKED.code())
        .counter();
  }
}
