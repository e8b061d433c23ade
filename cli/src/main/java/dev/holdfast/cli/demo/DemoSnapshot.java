package dev.holdfast.cli.demo;

import java.util.List;

/**
 * What the live table shows at one moment.
 *
 * @param elapsedSeconds since the first counted call
 * @param step where the story is, for people
 * @param instances one row each, oldest instance first
 * @param holdfast sums of the client that follows the registry
 * @param stock sums of the stock client on the list of the start
 */
record DemoSnapshot(
    double elapsedSeconds,
    String step,
    List<Row> instances,
    CallLedger.Totals holdfast,
    CallLedger.Totals stock) {

  DemoSnapshot {
    instances = List.copyOf(instances);
  }

  /**
   * One instance over the last period.
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
      double p99Millis) {}
}
