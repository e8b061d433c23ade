package dev.holdfast.core;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.function.Supplier;

/** A meter of the house: each room lists its own in an enum, which docs/meters.md is made from. */
public interface DocumentedMeter {
  MeterSpec spec();

  default String meterName() {
    return spec().name();
  }

  default RegistryMeter.MeterType meterType() {
    return spec().type();
  }

  default String unit() {
    return spec().unit();
  }

  /**
   * The name under which exporters for Prometheus show it; of a histogram without {@code _bucket},
   * {@code _sum} and {@code _count}.
   */
  default String prometheusName() {
    return spec().prometheusName();
  }

  /** The keys of its tags, in the order in which values are given. */
  default List<String> tags() {
    return spec().tags();
  }

  default String description() {
    return spec().description();
  }

  /**
   * The counter with these tag values, in the order of {@link #tags()}.
   *
   * @throws IllegalStateException when this is no counter
   */
  default Counter counter(MeterRegistry meters, String... tagValues) {
    return spec().counter(meters, tagValues);
  }

  /**
   * A gauge with these tag values, in the order of {@link #tags()}. Several of the same tag values
   * show one number of all.
   *
   * @return closing it takes its value away, and the gauge with the last one
   * @throws IllegalStateException when this is no gauge
   */
  default Subscription gauge(MeterRegistry meters, Supplier<Number> value, String... tagValues) {
    return spec().gauge(meters, value, tagValues);
  }
}
