package dev.holdfast.cli.demo.streams;

import dev.holdfast.cli.demo.report.RunSnapshot;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.cli.output.Terminal;
import dev.holdfast.streams.SessionState;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The state of things at one moment of {@code demo streams}.
 *
 * @param elapsedSeconds since the first reading
 * @param step where the story is, for people
 * @param servers name, address and state of each
 * @param states the durable devices' sessions, as the devices see them
 * @param faults the number of injected faults by kind
 * @param durable sums of the devices with Holdfast
 * @param stock sums of the stock ones, as they see it
 * @param stockCut streams of theirs that broke
 */
record StreamsDemoSnapshot(
    double elapsedSeconds,
    String step,
    List<String> servers,
    Map<SessionState, Long> states,
    Map<DemoFaultSchedule.ScheduledFaultKind, Long> faults,
    DeliveryTracker.DeliveryTotals durable,
    DeliveryTracker.DeliveryTotals stock,
    long stockCut)
    implements RunSnapshot {
  private static final int BAR_CELLS = 40;

  @Override
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(format("%6.1f s  %s", elapsedSeconds, step));
    lines.add("  servers   " + String.join("  ", servers));
    String faultCounts =
        faults.entrySet().stream()
            .map(gust -> gust.getValue() + " " + gust.getKey().text())
            .collect(Collectors.joining(", "));
    lines.add("  faults    " + (faultCounts.isEmpty() ? "none so far" : faultCounts));
    long sessions = states.values().stream().mapToLong(Long::longValue).sum();
    for (SessionState state : SessionState.values()) {
      long count = states.getOrDefault(state, 0L);
      if (count > 0) {
        int cells = (int) Math.ceil((double) count * BAR_CELLS / sessions);
        lines.add(format("  %-9s %5d  %s", state, count, "#".repeat(cells)));
      }
    }
    lines.add(
        format(
            "  holdfast  sent=%d answered=%d on_the_way=%d duplicated=%d reordered=%d",
            durable.sent(),
            durable.answered(),
            durable.lost(),
            durable.duplicated(),
            durable.reordered()));
    lines.add(
        format(
            "  stock     sent=%d answered=%d streams_broken=%d",
            stock.sent(), stock.answered(), stockCut));
    return lines;
  }

  @Override
  public List<String> lines(Terminal.Size room) {
    return lines().stream()
        .limit(Math.max(1, room.rows() - 1))
        .map(line -> line.substring(0, Math.min(line.length(), room.columns() - 1)))
        .toList();
  }

  @Override
  public JsonLine json() {
    return JsonLine.object()
        .with("event", "picture")
        .with("elapsed_ms", Math.round(elapsedSeconds * 1_000))
        .with("step", step)
        .with("servers", servers)
        .with("sessions", statesByName())
        .with("sent", durable.sent())
        .with("answered", durable.answered())
        .with("duplicated", durable.duplicated())
        .with("reordered", durable.reordered())
        .with("stock_sent", stock.sent())
        .with("stock_answered", stock.answered())
        .with("stock_streams_broken", stockCut);
  }

  private Map<String, Long> statesByName() {
    return states.entrySet().stream()
        .collect(Collectors.toMap(state -> state.getKey().name(), Map.Entry::getValue));
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
