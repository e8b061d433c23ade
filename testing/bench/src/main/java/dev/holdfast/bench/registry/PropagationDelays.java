package dev.holdfast.bench.registry;

import dev.holdfast.core.Endpoint;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * The times that changes took to reach their consumers. Each consumer has a {@link Reader}; all
 * readers count here. Thread-safe.
 */
final class PropagationDelays {
  private static final long HIGHEST_MICROS = TimeUnit.MINUTES.toMicros(10);

  private final ConcurrentHistogram micros = new ConcurrentHistogram(HIGHEST_MICROS, 3);
  private final AtomicLong count = new AtomicLong();
  private final AtomicLong lists = new AtomicLong();

  /** The number of changes that arrived, over all consumers. */
  long count() {
    return count.get();
  }

  /** The number of lists delivered, including the first one of each consumer. */
  long lists() {
    return lists.get();
  }

  Histogram micros() {
    return micros;
  }

  double percentileMillis(double percent) {
    return micros.getValueAtPercentile(percent) / 1e3;
  }

  double maxMillis() {
    return micros.getMaxValue() / 1e3;
  }

  /** A consumer of one service. Its methods are called one at a time. */
  final class Reader {
    private long newestNanos;
    private volatile boolean started;

    /** Whether a list has been delivered. */
    boolean hasStarted() {
      return started;
    }

    /**
     * Takes what is newer than everything in the lists before; a list may bring several changes.
     */
    void onList(Collection<Endpoint> endpoints) {
      long now = System.nanoTime();
      long newest = newestNanos;
      for (Endpoint endpoint : endpoints) {
        String marker = endpoint.metadata().get(FleetWriter.MARKER);
        long putNanos = marker == null ? 0 : Long.parseLong(marker);
        if (putNanos > newestNanos) {
          micros.recordValue(Math.min(HIGHEST_MICROS, (now - putNanos) / 1_000));
          count.incrementAndGet();
          newest = Math.max(newest, putNanos);
        }
      }
      newestNanos = newest;
      lists.incrementAndGet();
      started = true;
    }
  }
}
