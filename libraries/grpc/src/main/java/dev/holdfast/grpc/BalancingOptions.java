package dev.holdfast.grpc;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.Tunable;
import dev.holdfast.core.TunableDuration;
import dev.holdfast.core.TunableText;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The settings of the {@code holdfast} policy, as they stand in a service config: {@code
 * {"loadBalancingConfig": [{"holdfast": {"zone": "a", "slowStart": "10s"}}]}}.
 *
 * @param zone the zone of the caller, whose endpoints are preferred; "" by default: none is
 * @param slowStart for how long a new endpoint gets less than its share; zero to an hour, 10 s by
 *     default
 */
record BalancingOptions(String zone, Duration slowStart) {
  static final TunableText ZONE =
      new TunableText(
          "zone", "text", "none", "The zone of the caller, whose endpoints come first.");
  static final TunableDuration SLOW_START =
      new TunableDuration(
          "slowStart",
          Duration.ZERO,
          Duration.ofHours(1),
          Duration.ofSeconds(10),
          "For how long an endpoint that joins gets less than its share.");
  static final BalancingOptions DEFAULT = new BalancingOptions("", SLOW_START.defaultValue());

  BalancingOptions {
    SLOW_START.require(slowStart);
  }

  BalancingOptions withZone(String value) {
    return new BalancingOptions(value, slowStart);
  }

  BalancingOptions withSlowStart(Duration value) {
    return new BalancingOptions(zone, value);
  }

  /**
   * Reads the policy's part of a service config.
   *
   * @throws IllegalArgumentException naming the key and what was expected
   */
  static BalancingOptions parse(Map<String, ?> config) {
    Set<String> unknown = new TreeSet<>(config.keySet());
    unknown.removeAll(Set.of(ZONE.key(), SLOW_START.key()));
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "holdfast: unknown keys "
              + unknown
              + " (expected: "
              + ZONE.key()
              + ", "
              + SLOW_START.key()
              + ")");
    }
    return DEFAULT
        .withZone(text(ZONE, config).orElse(DEFAULT.zone()))
        .withSlowStart(SLOW_START.parse(text(SLOW_START, config)));
  }

  /** The service config that {@link #parse} reads. */
  Map<String, Object> toServiceConfig() {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put(ZONE.key(), zone);
    config.put(SLOW_START.key(), DurationText.format(slowStart));
    return config;
  }

  private static Optional<String> text(Tunable setting, Map<String, ?> config) {
    Object value = config.get(setting.key());
    if (value == null || value instanceof String) {
      return Optional.ofNullable((String) value);
    }
    throw new IllegalArgumentException(setting.key() + ": " + value + " (expected: a string)");
  }
}
