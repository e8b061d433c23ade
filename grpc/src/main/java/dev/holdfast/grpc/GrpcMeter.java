package dev.holdfast.grpc;

import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.Subscription;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Every meter about channels and servers; docs/meters.md is made from it.
 *
 * <p>Tags have few values: {@code service} is the path of the service that a channel calls, as in
 * its target.
 */
public enum GrpcMeter {
  CALLS_RETRIED(
      "holdfast.grpc.calls.retried",
      RegistryMeter.Type.COUNTER,
      "calls",
      List.of("service"),
      "Calls of idempotent methods that were sent again at least once after their connection"
          + " died."),
  RETRIES(
      "holdfast.grpc.retries",
      RegistryMeter.Type.COUNTER,
      "attempts",
      List.of("service"),
      "Further attempts of calls of idempotent methods."),
  RETRIES_REFUSED(
      "holdfast.grpc.retries.refused",
      RegistryMeter.Type.COUNTER,
      "calls",
      List.of("service", "reason"),
      "Calls that could have been sent again but were not, by reason: attempts, budget, deadline,"
          + " pushback."),
  RESOLVER_LISTS(
      "holdfast.grpc.resolver.lists",
      RegistryMeter.Type.COUNTER,
      "lists",
      List.of("service"),
      "Lists of endpoints that were given to channels."),
  RESOLVER_ERRORS(
      "holdfast.grpc.resolver.errors",
      RegistryMeter.Type.COUNTER,
      "errors",
      List.of("service"),
      "Times that a channel was told that no list is known yet."),
  TWINS(
      "holdfast.grpc.twins",
      RegistryMeter.Type.COUNTER,
      "races",
      List.of("service", "outcome"),
      "Races of a new connection against a suspect one, by outcome: took_over (the new one was"
          + " ready first), not_needed (the old one spoke first), adopted (the old one ended"
          + " first), refused, unreachable."),
  VERIFICATIONS(
      "holdfast.grpc.verifications",
      RegistryMeter.Type.COUNTER,
      "connections",
      List.of("service"),
      "Connections that were quiet for so long that they had to prove themselves before a call."),
  SERVER_STATE(
      "holdfast.grpc.server.state",
      RegistryMeter.Type.GAUGE,
      "state",
      List.of("port"),
      "State of a server: 0 NEW, 1 SERVING, 2 WITHDRAWING, 3 SPREADING, 4 FINISHING, 5"
          + " TERMINATED."),
  SERVER_CALLS_CUT(
      "holdfast.grpc.server.calls.cut",
      RegistryMeter.Type.COUNTER,
      "calls",
      List.of("port"),
      "Calls that were still open when the grace time of a stopping server ended.");

  private final String meterName;
  private final RegistryMeter.Type type;
  private final String unit;
  private final List<String> tags;
  private final String description;

  GrpcMeter(
      String meterName,
      RegistryMeter.Type type,
      String unit,
      List<String> tags,
      String description) {
    this.meterName = meterName;
    this.type = type;
    this.unit = unit;
    this.tags = tags;
    this.description = description;
  }

  public String meterName() {
    return meterName;
  }

  public RegistryMeter.Type type() {
    return type;
  }

  public String unit() {
    return unit;
  }

  /** The keys of its tags, in the order in which values are given. */
  public List<String> tags() {
    return tags;
  }

  public String description() {
    return description;
  }

  /** The counter with these tag values, in the order of {@link #tags()}. */
  public Counter counter(MeterRegistry meters, String... tagValues) {
    requireType(RegistryMeter.Type.COUNTER);
    return Counter.builder(meterName)
        .baseUnit(unit)
        .description(description)
        .tags(tagsOf(tagValues))
        .register(meters);
  }

  /**
   * A gauge with these tag values, in the order of {@link #tags()}.
   *
   * @return closing it removes the gauge
   */
  public Subscription gauge(MeterRegistry meters, Supplier<Number> value, String... tagValues) {
    requireType(RegistryMeter.Type.GAUGE);
    Meter.Id id =
        Gauge.builder(meterName, value)
            .baseUnit(unit)
            .description(description)
            .tags(tagsOf(tagValues))
            .strongReference(true)
            .register(meters)
            .getId();
    return () -> meters.remove(id);
  }

  private List<Tag> tagsOf(String... values) {
    if (values.length != tags.size()) {
      throw new IllegalArgumentException(
          "tagValues: " + values.length + " (expected: " + tags.size() + ", " + tags + ")");
    }
    List<Tag> paired = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      paired.add(Tag.of(tags.get(i), values[i]));
    }
    return paired;
  }

  private void requireType(RegistryMeter.Type expected) {
    if (type != expected) {
      throw new IllegalStateException(meterName + " is a " + type + ", not a " + expected);
    }
  }
}
