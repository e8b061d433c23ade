package dev.holdfast.core;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.List;
import java.util.function.Supplier;

/**
 * The specification of a meter: its row in docs/meters.md, and how it is registered.
 *
 * @param name as a dashboard knows it
 * @param type counter, gauge or histogram
 * @param unit what is counted or shown; "" when the name says it
 * @param tags the keys of its tags, in the order in which values are given
 * @param description one sentence
 * @param addsUp whether gauges with the same tag values show their sum, instead of the highest
 */
public record MeterSpec(
    String name,
    RegistryMeter.MeterType type,
    String unit,
    List<String> tags,
    String description,
    boolean addsUp) {

  public MeterSpec {
    tags = List.copyOf(tags);
  }

  /** The name as Micrometer's exporter for Prometheus makes it: with its unit, and _total. */
  String prometheusName() {
    String plain = name.replaceAll("[^A-Za-z0-9_]", "_");
    String united = unit.isEmpty() || plain.endsWith("_" + unit) ? plain : plain + "_" + unit;
    return type == RegistryMeter.MeterType.COUNTER ? united + "_total" : united;
  }

  /** The counter with these tag values. */
  Counter counter(MeterRegistry meters, String... tagValues) {
    requireType(RegistryMeter.MeterType.COUNTER);
    return Counter.builder(name)
        .baseUnit(unit)
        .description(description)
        .tags(tagsOf(tagValues))
        .register(meters);
  }

  /** A gauge with these tag values, which shares its number with others of the same. */
  Subscription gauge(MeterRegistry meters, Supplier<Number> value, String... tagValues) {
    requireType(RegistryMeter.MeterType.GAUGE);
    Tags tagged = tagsOf(tagValues);
    return AggregatedGauge.feed(
        meters, this, List.of(tagValues), value, all -> register(meters, tagged, all));
  }

  private Subscription register(MeterRegistry meters, Tags tagged, Supplier<Number> value) {
    Meter.Id id =
        Gauge.builder(name, value)
            .baseUnit(unit)
            .description(description)
            .tags(tagged)
            .strongReference(true)
            .register(meters)
            .getId();
    return () -> meters.remove(id);
  }

  private Tags tagsOf(String... values) {
    if (values.length != tags.size()) {
      throw new IllegalArgumentException(
          "tagValues: " + values.length + " (expected: " + tags.size() + ", " + tags + ")");
    }
    Tags paired = Tags.empty();
    for (int i = 0; i < values.length; i++) {
      paired = paired.and(tags.get(i), values[i]);
    }
    return paired;
  }

  private void requireType(RegistryMeter.MeterType expected) {
    if (type != expected) {
      throw new IllegalStateException(name + " is a " + type + ", not a " + expected);
    }
  }
}
