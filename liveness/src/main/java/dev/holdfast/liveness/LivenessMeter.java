package dev.holdfast.liveness;

import dev.holdfast.core.RegistryMeter;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Every meter about watched connections; docs/meters.md is made from it.
 *
 * <p>Tags have few values: {@code role} is client or server, {@code code} one of {@link
 * dev.holdfast.core.CloseReason}.
 */
public enum LivenessMeter {
  CONNECTIONS(
      "holdfast.liveness.connections",
      RegistryMeter.Type.GAUGE,
      "connections",
      List.of("role", "state"),
      "Connections under watch, by state: OPENING, LIVE, PROBING, SUSPECT."),
  PROBES(
      "holdfast.liveness.probes",
      RegistryMeter.Type.COUNTER,
      "probes",
      List.of("role"),
      "PINGs sent to silent peers."),
  NUDGES(
      "holdfast.liveness.nudges",
      RegistryMeter.Type.COUNTER,
      "probes",
      List.of("role"),
      "Keepalive probes of the kernel that were asked for where a PING might be punished."),
  SUSPECTED(
      "holdfast.liveness.suspected",
      RegistryMeter.Type.COUNTER,
      "connections",
      List.of("role", "code"),
      "Times that a connection became suspect, by reason."),
  FORGIVEN(
      "holdfast.liveness.forgiven",
      RegistryMeter.Type.COUNTER,
      "connections",
      List.of("role"),
      "Times that a suspect proved itself: stock keepalive would have closed many of them."),
  CLOSED(
      "holdfast.liveness.closed",
      RegistryMeter.Type.COUNTER,
      "connections",
      List.of("role", "code"),
      "Connections that ended, by reason.");

  private final String meterName;
  private final RegistryMeter.Type type;
  private final String unit;

  // Made by List.of only, which the checker can't see.
  @SuppressWarnings("ImmutableEnumChecker")
  private final List<String> tags;

  private final String description;

  LivenessMeter(
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
  Counter counter(MeterRegistry meters, String... tagValues) {
    return Counter.builder(meterName)
        .baseUnit(unit)
        .description(description)
        .tags(tagsOf(tagValues))
        .register(meters);
  }

  /** A gauge with these tag values, in the order of {@link #tags()}. */
  Gauge gauge(MeterRegistry meters, Supplier<Number> value, String... tagValues) {
    return Gauge.builder(meterName, value)
        .baseUnit(unit)
        .description(description)
        .tags(tagsOf(tagValues))
        .strongReference(true)
        .register(meters);
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
}
