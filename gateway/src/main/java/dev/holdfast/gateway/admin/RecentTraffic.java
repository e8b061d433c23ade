package dev.holdfast.gateway.admin;

import dev.holdfast.gateway.traffic.CallKind;
import dev.holdfast.gateway.traffic.KindTraffic;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What came lately: the difference to an earlier look. While nobody looks nothing is kept up. On
 * one thread.
 */
final class RecentTraffic {
  /** The time that rates and latencies are of, while somebody looks. */
  private static final Duration WINDOW = Duration.ofSeconds(10);

  private static final Duration SPACING = Duration.ofSeconds(1);

  /** A look so long ago says nothing about lately. */
  private static final Duration OLDEST = Duration.ofSeconds(30);

  private static final double NANOS_PER_SECOND = 1e9;

  private final ArrayDeque<Sample> samples = new ArrayDeque<>();

  private record Sample(long nanos, Map<CallKind, KindTraffic> sums) {}

  /**
   * What came within some time.
   *
   * @param seconds how long
   * @param sums all since the beginning
   * @param recent what came within that time
   */
  record Window(
      double seconds, Map<CallKind, KindTraffic> sums, Map<CallKind, KindTraffic> recent) {}

  /**
   * Looks at the sums.
   *
   * @param uptime of the gateway: the first look is at all of it
   */
  Window look(long nowNanos, Duration uptime, Map<CallKind, KindTraffic> sums) {
    while (isOld(nowNanos)) {
      samples.remove();
    }
    Sample first = samples.peek();
    Sample last = samples.peekLast();
    if (last == null || nowNanos - last.nanos >= SPACING.toNanos()) {
      samples.add(new Sample(nowNanos, sums));
    }
    if (first == null || nowNanos - first.nanos < SPACING.toNanos()) {
      return new Window(uptime.toNanos() / NANOS_PER_SECOND, sums, sums);
    }
    Map<CallKind, KindTraffic> recent = new LinkedHashMap<>();
    sums.forEach(
        (kind, now) -> {
          KindTraffic earlier = first.sums.get(kind);
          recent.put(kind, earlier == null ? now : now.since(earlier));
        });
    return new Window((nowNanos - first.nanos) / NANOS_PER_SECOND, sums, recent);
  }

  /** Whether the first sample is of no use: too old, or the next one is old enough. */
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
