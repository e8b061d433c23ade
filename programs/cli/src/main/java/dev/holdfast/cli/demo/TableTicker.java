package dev.holdfast.cli.demo;

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

  private final Fleet fleet;
  private final CallLedger ledger;
  private final CallLedger gatewayLedger;
  private final CallLedger stockLedger;
  private final Supplier<String> step;
  private final long startNanos;
  private long lastNanos;

  TableTicker(
      Fleet fleet,
      CallLedger ledger,
      CallLedger gatewayLedger,
      CallLedger stockLedger,
      Supplier<String> step,
      long startNanos) {
    this.fleet = fleet;
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
            () -> display.picture(take(System.nanoTime())),
            intervalMillis,
            intervalMillis,
            TimeUnit.MILLISECONDS);
    return () -> {
      timer.shutdownNow();
      display.picture(take(System.nanoTime()));
    };
  }

  private synchronized DemoSnapshot take(long nowNanos) {
    double periodSeconds = Math.max(1, nowNanos - lastNanos) / 1e9;
    lastNanos = nowNanos;
    Map<String, CallLedger.Recent> recent = ledger.takeRecent();
    long answered = recent.values().stream().mapToLong(CallLedger.Recent::calls).sum();
    List<DemoSnapshot.Row> rows = new ArrayList<>();
    for (InstanceProcess instance : fleet.all()) {
      CallLedger.Recent served = recent.get(instance.name());
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
        ledger.totals(),
        gatewayLedger.totals(),
        stockLedger.totals());
  }

  private static DemoSnapshot.Row row(
      InstanceProcess instance,
      CallLedger.@Nullable Recent served,
      long answered,
      double periodSeconds) {
    CallLedger.Recent calls = served == null ? new CallLedger.Recent(0, 0, 0) : served;
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
