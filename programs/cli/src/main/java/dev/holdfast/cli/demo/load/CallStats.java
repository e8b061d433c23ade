package dev.holdfast.cli.demo.load;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * The record of a client's calls: totals, answers by instance, failures and retries.
 *
 * <p>All times are of {@link System#nanoTime()}. Thread-safe; one lock suffices for a few hundred
 * calls per second.
 */
public final class CallStats {
  private static final int KEPT_FAILURES = 8;
  private static final long LONGEST_MICROS = TimeUnit.HOURS.toMicros(1);
  private static final int SIGNIFICANT_DIGITS = 2;

  /** Which call failed, when and how. */
  public record CallFailure(long atNanos, String step, String status) {}

  /**
   * Sums since the ledger was created; the latency quantile is in milliseconds.
   *
   * @param heldBack calls that were due and left out, as too many others had no answer
   */
  public record ClientCallTotals(
      long calls, long failed, long retried, long heldBack, double p99Millis) {}

  /**
   * The answered calls of one instance since the previous {@link #takeInterval}, with the median
   * and the 99th percentile of their latencies in milliseconds.
   */
  public record IntervalCallStats(long calls, double p50Millis, double p99Millis) {}

  private static final class Served {
    long calls;
    long firstNanos;
    long lastNanos;
    Histogram recent = latencies();
  }

  private final Histogram latencies = latencies();
  private final Map<String, Served> byInstance = new HashMap<>();
  private final List<CallFailure> callFailures = new ArrayList<>();
  private String step = "start";
  private long ok;
  private long failed;
  private long retried;
  private long heldBack;
  private @Nullable Long lastRetriedNanos;

  /** Names the step of the story that failures are filed under from now on. */
  public synchronized void enterStep(String name) {
    step = name;
  }

  /**
   * Records the answer to a call.
   *
   * @param instance who answered, as the answer says
   * @param latencyNanos from the moment the call was due
   */
  synchronized void onAnswered(String instance, long nowNanos, long latencyNanos) {
    ok++;
    record(latencies, latencyNanos);
    Served served = byInstance.get(instance);
    if (served == null) {
      served = new Served();
      served.firstNanos = nowNanos;
      byInstance.put(instance, served);
    }
    served.calls++;
    served.lastNanos = nowNanos;
    record(served.recent, latencyNanos);
  }

  /** A call that is slow on purpose was answered: it counts, but its time says nothing. */
  synchronized void onLongCallAnswered() {
    ok++;
  }

  /** A call ended with another status than OK. */
  synchronized void onFailed(long nowNanos, String status) {
    failed++;
    if (callFailures.size() < KEPT_FAILURES) {
      callFailures.add(new CallFailure(nowNanos, step, status));
    }
  }

  /** A call could not be made in time. */
  synchronized void onNotIssued(long nowNanos) {
    onFailed(nowNanos, "NOT_ISSUED: the client was held up for longer than the deadline");
  }

  /** A call that was due was left out. */
  synchronized void onHeldBack() {
    heldBack++;
  }

  /** A call that has ended, well or not, had needed more than one attempt. */
  synchronized void onRetried(long nowNanos) {
    retried++;
    lastRetriedNanos = nowNanos;
  }

  public synchronized ClientCallTotals clientCallTotals() {
    return new ClientCallTotals(
        ok + failed, failed, retried, heldBack, percentileMillis(latencies, 99));
  }

  /** The first failures, oldest first. */
  public synchronized List<CallFailure> callFailures() {
    return List.copyOf(callFailures);
  }

  /** The end of the last call that needed a retry; empty when none did. */
  public synchronized OptionalLong lastRetriedNanos() {
    return lastRetriedNanos == null ? OptionalLong.empty() : OptionalLong.of(lastRetriedNanos);
  }

  /** The time of the first answer of an instance; empty when it has answered none. */
  public synchronized OptionalLong firstServedNanos(String instance) {
    Served served = byInstance.get(instance);
    return served == null ? OptionalLong.empty() : OptionalLong.of(served.firstNanos);
  }

  /** The time of the latest answer of an instance; empty when it has answered none. */
  public synchronized OptionalLong lastServedNanos(String instance) {
    Served served = byInstance.get(instance);
    return served == null ? OptionalLong.empty() : OptionalLong.of(served.lastNanos);
  }

  /** Calls that an instance has answered. */
  synchronized long servedBy(String instance) {
    Served served = byInstance.get(instance);
    return served == null ? 0 : served.calls;
  }

  /**
   * The instances that answered calls since the previous call of this method, by name. Starts the
   * next period.
   */
  public synchronized Map<String, IntervalCallStats> takeInterval() {
    Map<String, IntervalCallStats> result = new HashMap<>();
    byInstance.forEach(
        (instance, served) -> {
          Histogram recent = served.recent;
          if (recent.getTotalCount() > 0) {
            double p50Millis = percentileMillis(recent, 50);
            double p99Millis = percentileMillis(recent, 99);
            result.put(
                instance, new IntervalCallStats(recent.getTotalCount(), p50Millis, p99Millis));
            recent.reset();
          }
        });
    return result;
  }

  private static Histogram latencies() {
    return new Histogram(LONGEST_MICROS, SIGNIFICANT_DIGITS);
  }

  private static void record(Histogram histogram, long nanos) {
    long micros = TimeUnit.NANOSECONDS.toMicros(nanos);
    histogram.recordValue(Math.min(LONGEST_MICROS, Math.max(0, micros)));
  }

  private static double percentileMillis(Histogram histogram, double percentile) {
    return histogram.getValueAtPercentile(percentile) / 1_000.0;
  }
}
