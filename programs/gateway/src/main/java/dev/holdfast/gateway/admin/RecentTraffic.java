package dev.holdfast.gateway.admin;

import dev.holdfast.gateway.traffic.CallStatisticsKey;
import dev.holdfast.gateway.traffic.CallStatisticsTotals;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Traffic within a recent window, as the difference of two samples of cumulative counters. Samples
 * are taken only when {@link #look} is called. Confined to one thread.
 */
final class RecentTraffic {
  /** Length of the window while {@link #look} is called regularly. */
  private static final Duration WINDOW = Duration.ofSeconds(10);

  private static final Duration SPACING = Duration.ofSeconds(1);

  /** The maximum age of a sample; an older one does not count as recent. */
  private static final Duration OLDEST = Duration.ofSeconds(30);

  private static final double NANOS_PER_SECOND = 1e9;

  private final ArrayDeque<Sample> samples = new ArrayDeque<>();

  private record Sample(long nanos, Map<CallStatisticsKey, CallStatisticsTotals> sums) {}

  /**
   * Traffic of a time window.
   *
   * @param seconds the length of the window
   * @param sums cumulative since the start of the gateway
   * @param recent within the window
   */
  record TrafficWindow(
      double seconds,
      Map<CallStatisticsKey, CallStatisticsTotals> sums,
      Map<CallStatisticsKey, CallStatisticsTotals> recent) {}

  /**
   * Takes a sample and returns the traffic of the window that ends now.
   *
   * @param uptime of the gateway; the first window spans all of it
   */
  TrafficWindow look(
      long nowNanos, Duration uptime, Map<CallStatisticsKey, CallStatisticsTotals> sums) {
    while (isOld(nowNanos)) {
      samples.remove();
    }
    Sample first = samples.peek();
    Sample last = samples.peekLast();
    if (last == null || nowNanos - last.nanos >= SPACING.toNanos()) {
      samples.add(new Sample(nowNanos, sums));
    }
    if (first == null || nowNanos - first.nanos < SPACING.toNanos()) {
      return new TrafficWindow(uptime.toNanos() / NANOS_PER_SECOND, sums, sums);
    }
    Map<CallStatisticsKey, CallStatisticsTotals> recent = new LinkedHashMap<>();
    sums.forEach(
        (kind, now) -> {
          CallStatisticsTotals earlier = first.sums.get(kind);
          recent.put(kind, earlier == null ? now : now.since(earlier));
        });
    return new TrafficWindow((nowNanos - first.nanos) / NANOS_PER_SECOND, sums, recent);
  }

  /** Whether the first sample can be dropped: it is too old, or the next one spans the window. */
  private boolean isOld(long nowNanos) {
    Sample first = samples.peek();
    if (first == null) {
      return false;
    }
    long age = nowNanos - first.nanos;
    Sample second = samples.stream().skip(1).findFirst().orElse(null);
    return age > OLDEST.toNanos()
        || (second != null && nowNanos - second.nanos >= WINDOW.toNanos());
  }
}
