package dev.holdfast.cli.demo.calls;

import dev.holdfast.cli.demo.load.CallStats;
import dev.holdfast.cli.demo.report.RunSnapshot;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.cli.output.Terminal;
import java.util.List;

/**
 * The content of the live table at one moment.
 *
 * @param elapsedSeconds since the first counted call
 * @param step where the story is, for people
 * @param instances one row each, oldest instance first
 * @param holdfast sums of the client that follows the registry
 * @param gateway sums of the client that knows the gateway only
 * @param stock sums of the stock client on the list of the start
 */
public record DemoSnapshot(
    double elapsedSeconds,
    String step,
    List<Row> instances,
    CallStats.ClientCallTotals holdfast,
    CallStats.ClientCallTotals gateway,
    CallStats.ClientCallTotals stock)
    implements RunSnapshot {
  private static final int PLAIN_WIDTH = 120;

  public DemoSnapshot {
    instances = List.copyOf(instances);
  }

  @Override
  public List<String> lines() {
    return DemoTable.lines(this, PLAIN_WIDTH);
  }

  @Override
  public List<String> lines(Terminal.Size room) {
    return DemoTable.fitted(DemoTable.lines(this, room.columns() - 1), room.rows() - 1);
  }

  @Override
  public JsonLine json() {
    return JsonLine.object()
        .with("event", "table")
        .with("elapsed_s", elapsedSeconds)
        .with("step", step)
        .with("instances", instances.stream().map(Row::json).toList())
        .with("holdfast", json(holdfast))
        .with("gateway", json(gateway))
        .with("stock", json(stock));
  }

  private static JsonLine json(CallStats.ClientCallTotals clientCallTotals) {
    return JsonLine.object()
        .with("calls", clientCallTotals.calls())
        .with("failed", clientCallTotals.failed())
        .with("retried", clientCallTotals.retried())
        .with("p99_ms", clientCallTotals.p99Millis());
  }

  /**
   * The table row of one instance over the last period.
   *
   * @param state {@code starting}, {@code serving}, {@code draining}, {@code gone}, ..
   * @param callsPerSecond calls of the Holdfast client that it answered
   * @param sharePercent its part of all answered calls
   */
  public record Row(
      String name,
      String address,
      String state,
      double callsPerSecond,
      double sharePercent,
      double p50Millis,
      double p99Millis) {

    private JsonLine json() {
      return JsonLine.object()
          .with("instance", name)
          .with("address", address)
          .with("state", state)
          .with("calls_per_s", callsPerSecond)
          .with("share_percent", sharePercent)
          .with("p50_ms", p50Millis)
          .with("p99_ms", p99Millis);
    }
  }
}
