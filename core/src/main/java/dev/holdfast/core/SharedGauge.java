package dev.holdfast.core;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A gauge that several parts of a process feed, because their names and tags are the same.
 *
 * <p>Micrometer ignores a second gauge of one name, and takes the first away when either is
 * removed: two registrations of one address would show one of them, and then none. Here they show
 * one number of all, until the last is closed. Thread-safe.
 */
final class SharedGauge {

  /** What becomes of several values. */
  enum Combination {
    /** They are added up. */
    SUM {
      @Override
      double of(double a, double b) {
        return a + b;
      }
    },
    /** The highest counts: the oldest, or the state that most needs to be looked at. */
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

  private static final Map<Key, SharedGauge> OPEN = new HashMap<>();

  private final Combination combination;
  private final List<Source> sources = new CopyOnWriteArrayList<>();
  private Subscription gauge = () -> {};

  private SharedGauge(Combination combination) {
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
      SharedGauge shared = OPEN.get(key);
      if (shared == null) {
        shared = new SharedGauge(meter.addsUp() ? Combination.SUM : Combination.MAX);
        OPEN.put(key, shared);
        shared.gauge = register.apply(shared::value);
      }
      shared.sources.add(source);
    }
    return () -> leave(key, source);
  }

  private static void leave(Key key, Source source) {
    synchronized (OPEN) {
      SharedGauge shared = OPEN.get(key);
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
