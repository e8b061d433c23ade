package dev.holdfast.core;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A gauge with several sources in one process that have the same name and tags.
 *
 * <p>Micrometer ignores a second gauge of the same name, and removes the first one when either is
 * removed. A shared gauge combines the values of all sources and is removed with the last of them.
 * Thread-safe.
 */
final class AggregatedGauge {

  /** The combination of several values into the shown one. */
  enum Combination {
    SUM {
      @Override
      double of(double a, double b) {
        return a + b;
      }
    },
    /** The highest value counts: the oldest, or the state that most needs attention. */
    MAX {
      @Override
      double of(double a, double b) {
        return Math.max(a, b);
      }
    };

    abstract double of(double a, double b);
  }

  private record Key(MeterRegistry meters, String name, List<String> tagValues) {}

  /** An identity of its own for each who feeds it. */
  private record Source(Supplier<Number> value) {
    @Override
    public boolean equals(Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }
  }

  private static final Map<Key, AggregatedGauge> OPEN = new HashMap<>();

  private final Combination combination;
  private final List<Source> sources = new CopyOnWriteArrayList<>();
  private Subscription gauge = () -> {};

  private AggregatedGauge(Combination combination) {
    this.combination = combination;
  }

  /**
   * Feeds the gauge of these tags.
   *
   * @param register makes the gauge when nobody feeds it yet
   * @return closed when this value counts no more
   */
  static Subscription feed(
      MeterRegistry meters,
      MeterSpec meter,
      List<String> tagValues,
      Supplier<Number> value,
      Function<Supplier<Number>, Subscription> register) {
    Key key = new Key(meters, meter.name(), List.copyOf(tagValues));
    Source source = new Source(value);
    synchronized (OPEN) {
      AggregatedGauge shared = OPEN.get(key);
      if (shared == null) {
        shared = new AggregatedGauge(meter.addsUp() ? Combination.SUM : Combination.MAX);
        OPEN.put(key, shared);
        shared.gauge = register.apply(shared::value);
      }
      shared.sources.add(source);
    }
    return () -> leave(key, source);
  }

  private static void leave(Key key, Source source) {
    synchronized (OPEN) {
      AggregatedGauge shared = OPEN.get(key);
      if (shared != null && shared.sources.remove(source) && shared.sources.isEmpty()) {
        OPEN.remove(key);
        shared.gauge.close();
      }
    }
  }

  /** NaN is what nobody knows, and says nothing beside a value that somebody does. */
  private Number value() {
    double combined = Double.NaN;
    for (Source source : sources) {
      double value = source.value().get().doubleValue();
      if (!Double.isNaN(value)) {
        combined = Double.isNaN(combined) ? value : combination.of(combined, value);
      }
    }
    return combined;
  }
}
