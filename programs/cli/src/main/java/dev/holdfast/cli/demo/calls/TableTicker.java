package dev.holdfast.cli.demo.calls;

import dev.holdfast.cli.demo.load.CallStats;
import dev.holdfast.cli.demo.process.InstanceProcess;
import dev.holdfast.cli.demo.report.DemoDisplay;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The timer that takes snapshots for the table at a constant interval. */
final class TableTicker {
  private static final long GONE_SHOWN_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final DemoInstances demoInstances;
  private final CallStats ledger;
  private final CallStats gatewayLedger;
  private final CallStats stockLedger;
  private final Supplier<String> step;
  private final long startNanos;
  private long lastNanos;

  TableTicker(
      DemoInstances demoInstances,
      CallStats ledger,
      CallStats gatewayLedger,
      CallStats stockLedger,
      Supplier<String> step,
      long startNanos) {
    this.demoInstances = demoInstances;
    this.ledger = ledger;
    this.gatewayLedger = gatewayLedger;
    this.stockLedger = stockLedger;
    this.step = step;
    this.startNanos = startNanos;
    this.lastNanos = startNanos;
  }

  /** A repeated task that runs until it is closed. */
  interface Ticking extends AutoCloseable {
    @Override
    void close();
  }

  /** Shows a snapshot at each interval until closed, and a last one then. */
  Ticking every(long intervalMillis, DemoDisplay display) {
    ScheduledExecutorService timer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "demo-table");
              thread.setDaemon(true);
              return thread;
            });
    var unused =
        timer.scheduleAtFixedRate(
            () -> display.snapshot(take(System.nanoTime())),
            intervalMillis,
            intervalMillis,
            TimeUnit.MILLISECONDS);
    return () -> {
      timer.shutdownNow();
      display.snapshot(take(System.nanoTime()));
    };
  }

  private synchronized DemoSnapshot take(long nowNanos) {
    double periodSeconds = Math.max(1, nowNanos - lastNanos) / 1e9;
    lastNanos = nowNanos;
    Map<String, CallStats.IntervalCallStats> intervalCallStats = ledger.takeInterval();
    long answered =
        intervalCallStats.values().stream().mapToLong(CallStats.IntervalCallStats::calls).sum();
    List<DemoSnapshot.Row> rows = new ArrayList<>();
    for (InstanceProcess instance : demoInstances.all()) {
      CallStats.IntervalCallStats served = intervalCallStats.get(instance.name());
      boolean longGone =
          instance.endedNanos() != 0 && nowNanos - instance.endedNanos() > GONE_SHOWN_NANOS;
      if (served != null || !longGone) {
        rows.add(row(instance, served, answered, periodSeconds));
      }
    }
    return new DemoSnapshot(
        (nowNanos - startNanos) / 1e9,
        step.get(),
        rows,
        ledger.clientCallTotals(),
        gatewayLedger.clientCallTotals(),
        stockLedger.clientCallTotals());
  }

  private static DemoSnapshot.Row row(
      InstanceProcess instance,
      CallStats.@Nullable IntervalCallStats served,
      long answered,
      double periodSeconds) {
    CallStats.IntervalCallStats calls =
        served == null ? new CallStats.IntervalCallStats(0, 0, 0) : served;
    return new DemoSnapshot.Row(
        instance.name(),
        instance.address().map(Object::toString).orElse("-"),
        instance.state().toString(),
        calls.calls() / periodSeconds,
        answered == 0 ? 0 : 100.0 * calls.calls() / answered,
        calls.p50Millis(),
        calls.p99Millis());
  }
}
