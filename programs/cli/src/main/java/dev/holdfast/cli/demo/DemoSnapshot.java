package dev.holdfast.cli.demo;

import dev.holdfast.cli.output.JsonText;
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
record DemoSnapshot(
    double elapsedSeconds,
    String step,
    List<Row> instances,
    CallLedger.Totals holdfast,
    CallLedger.Totals gateway,
    CallLedger.Totals stock)
    implements DemoPicture {
  private static final int PLAIN_WIDTH = 120;

  DemoSnapshot {
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
  public JsonText json() {
    return JsonText.object()
        .with("event", "table")
        .with("elapsed_s", DemoPicture.rounded(elapsedSeconds))
        .with("step", step)
        .with("instances", instances.stream().map(Row::json).toList())
        .with("holdfast", json(holdfast))
        .with("gateway", json(gateway))
        .with("stock", json(stock));
  }

  private static JsonText json(CallLedger.Totals totals) {
    return JsonText.object()
        .with("calls", totals.calls())
        .with("failed", totals.failed())
        .with("retried", totals.retried())
        .with("p99_ms", DemoPicture.rounded(totals.p99Millis()));
  }

  /**
   * The table row of one instance over the last period.
   *
   * @param state {@code starting}, {@code serving}, {@code draining}, {@code gone}, ..
   * @param callsPerSecond calls of the Holdfast client that it answered
   * @param sharePercent its part of all answered calls
   */
  record Row(
      String name,
      String address,
      String state,
      double callsPerSecond,
      double sharePercent,
      double p50Millis,
      double p99Millis) {

    private JsonText json() {
      return JsonText.object()
          .with("instance", name)
          .with("address", address)
          .with("state", state)
          .with("calls_per_s", DemoPicture.rounded(callsPerSecond))
          .with("share_percent", DemoPicture.rounded(sharePercent))
          .with("p50_ms", DemoPicture.rounded(p50Millis))
          .with("p99_ms", DemoPicture.rounded(p99Millis));
    }
  }
}
