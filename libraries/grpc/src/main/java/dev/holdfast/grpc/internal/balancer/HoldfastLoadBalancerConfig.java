package dev.holdfast.grpc.internal.balancer;

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
public record HoldfastLoadBalancerConfig(String zone, Duration slowStart) {
  public static final TunableText ZONE =
      new TunableText(
          "zone", "text", "none", "The zone of the caller, whose endpoints come first.");
  public static final TunableDuration SLOW_START =
      new TunableDuration(
          "slowStart",
          Duration.ZERO,
          Duration.ofHours(1),
          Duration.ofSeconds(10),
          "For how long an endpoint that joins gets less than its share.");
  public static final HoldfastLoadBalancerConfig DEFAULT =
      new HoldfastLoadBalancerConfig("", SLOW_START.defaultValue());

  public HoldfastLoadBalancerConfig {
    SLOW_START.require(slowStart);
  }

  HoldfastLoadBalancerConfig withZone(String value) {
    return new HoldfastLoadBalancerConfig(value, slowStart);
  }

  HoldfastLoadBalancerConfig withSlowStart(Duration value) {
    return new HoldfastLoadBalancerConfig(zone, value);
  }

  /**
   * Reads the policy's part of a service config.
   *
   * @throws IllegalArgumentException naming the key and what was expected
   */
  public static HoldfastLoadBalancerConfig parse(Map<String, ?> config) {
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
  public Map<String, Object> toServiceConfig() {
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
