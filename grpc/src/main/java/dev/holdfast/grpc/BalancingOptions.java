package dev.holdfast.grpc;

import dev.holdfast.core.DurationText;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
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
  static final Duration MAX_SLOW_START = Duration.ofHours(1);
  static final BalancingOptions DEFAULT = new BalancingOptions("", Duration.ofSeconds(10));

  private static final String ZONE = "zone";
  private static final String SLOW_START = "slowStart";

  BalancingOptions {
    if (slowStart.isNegative() || slowStart.compareTo(MAX_SLOW_START) > 0) {
      throw new IllegalArgumentException("slowStart: " + slowStart + " (expected: 0s to 1h)");
    }
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
    unknown.removeAll(Set.of(ZONE, SLOW_START));
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "holdfast: unknown keys " + unknown + " (expected: " + ZONE + ", " + SLOW_START + ")");
    }
    BalancingOptions options = DEFAULT;
    if (config.get(ZONE) != null) {
      options = options.withZone(text(ZONE, config.get(ZONE)));
    }
    if (config.get(SLOW_START) != null) {
      options =
          options.withSlowStart(
              DurationText.parse(
                  SLOW_START,
                  text(SLOW_START, config.get(SLOW_START)),
                  Duration.ZERO,
                  MAX_SLOW_START));
    }
    return options;
  }

  /** As {@link #parse} reads it. */
  Map<String, Object> toServiceConfig() {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put(ZONE, zone);
    config.put(SLOW_START, DurationText.format(slowStart));
    return config;
  }

  private static String text(String name, Object value) {
    if (value instanceof String string) {
      return string;
    }
    throw new IllegalArgumentException(name + ": " + value + " (expected: a string)");
  }
}
