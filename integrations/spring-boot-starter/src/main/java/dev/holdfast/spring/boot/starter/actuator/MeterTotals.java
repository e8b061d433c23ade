package dev.holdfast.spring.boot.starter.actuator;

import io.micrometer.core.instrument.Measurement;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.TreeMap;

/** The values of a meter by one of its tags, summed up over the others. */
record MeterTotals(MeterRegistry meters) {

  /** The values above zero, by the value of a tag. */
  Map<String, Long> by(String tag, String meter, String... tags) {
    Map<String, Long> totals = new TreeMap<>();
    for (Meter found : meters.find(meter).tags(tags).meters()) {
      String key = found.getId().getTag(tag);
      long value = value(found);
      if (key != null && value > 0) {
        totals.merge(key, value, Long::sum);
      }
    }
    return totals;
  }

  private static long value(Meter meter) {
    for (Measurement measurement : meter.measure()) {
      double value = measurement.getValue();
      return Double.isNaN(value) ? 0 : Math.round(value);
    }
    return 0;
  }
}
