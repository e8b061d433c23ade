package dev.holdfast.bench.spring;

import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.Sample;
import java.util.ArrayList;
import java.util.List;

/**
 * What the starter adds to the start of an application: processes with it and without it, started
 * one after the other, each killed once its time is taken.
 */
final class StartupTimes {
  private final String application;
  private final Start with;
  private final Start without;
  private final List<Double> added = new ArrayList<>();
  private final List<Double> stock = new ArrayList<>();

  /** Starts an application and ends it. */
  interface Start {
    /** The milliseconds that it took to be ready. */
    double millis() throws Exception;
  }

  /**
   * @param application in the output
   * @param with the start of the one with the starter
   * @param without the start of the one without
   */
  StartupTimes(String application, Start with, Start without) {
    this.application = application;
    this.with = with;
    this.without = without;
  }

  /**
   * Measures one pair.
   *
   * @param starterFirst whether the one with the starter begins
   */
  void measure(boolean starterFirst) throws Exception {
    double withMillis = starterFirst ? with.millis() : 0;
    double withoutMillis = without.millis();
    if (!starterFirst) {
      withMillis = with.millis();
    }
    added.add(withMillis - withoutMillis);
    stock.add(withoutMillis);
  }

  /** The median of what the starter adds, in milliseconds. */
  double addedMillis() {
    return Sample.of(added).median();
  }

  /** The median without the starter, in milliseconds. */
  double stockMillis() {
    return Sample.of(stock).median();
  }

  void tell(Report report) {
    Sample sample = Sample.of(added);
    report.say(
        "%s: ready after %.0f ms without the starter, which adds %.0f ms (quartiles %.0f to %.0f)",
        application,
        stockMillis(),
        sample.median(),
        sample.lowerQuartile(),
        sample.upperQuartile());
  }
}
