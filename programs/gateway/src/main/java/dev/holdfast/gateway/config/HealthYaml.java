package dev.holdfast.gateway.config;

import dev.holdfast.core.TunableChoice;
import dev.holdfast.core.TunableDuration;
import dev.holdfast.core.TunableNumber;
import dev.holdfast.core.TunableText;
import dev.holdfast.gateway.health.HealthCheckOptions;
import dev.holdfast.gateway.health.HealthMethod;
import dev.holdfast.yaml.YamlMap;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The keys of a gateway's file about health checks, and how they are read. */
final class HealthYaml {
  static final String HEALTH = "health";
  static final String MEANING =
      "Active health checks by grpc.health.v1; `health: {}` with all defaults, without it none.";

  private static final TunableText SERVICE =
      new TunableText(
          "service",
          "the name of a service such as orders.v1.Orders",
          "the whole server",
          "Whose health counts.");
  private static final TunableChoice METHOD =
      new TunableChoice(
          "method",
          List.of("watch", "check"),
          "watch",
          "With watch servers say each change themselves, and those that can't are asked by check;"
              + " with check all are asked every interval.");
  private static final TunableDuration INTERVAL =
      new TunableDuration(
          "interval",
          Duration.ofMillis(100),
          HealthCheckOptions.LONGEST_INTERVAL,
          HealthCheckOptions.DEFAULT.interval(),
          "From an answer of check, or a failure, to the next question, give or take a tenth.");
  private static final TunableDuration TIMEOUT =
      new TunableDuration(
          "timeout",
          Duration.ofMillis(10),
          Duration.ofMinutes(1),
          HealthCheckOptions.DEFAULT.timeout(),
          "For the connection and the first answer.");
  private static final TunableNumber UNHEALTHY =
      new TunableNumber(
          "unhealthy-threshold",
          1,
          HealthCheckOptions.Thresholds.MOST,
          HealthCheckOptions.DEFAULT.thresholds().unhealthy(),
          "Failures in a row after which an endpoint gets no calls. What a server says itself"
              + " counts at once.");
  private static final TunableNumber HEALTHY =
      new TunableNumber(
          "healthy-threshold",
          1,
          HealthCheckOptions.Thresholds.MOST,
          HealthCheckOptions.DEFAULT.thresholds().healthy(),
          "Answers of SERVING in a row after which it gets calls again; where the server is"
              + " watched, an interval without another word is one.");

  static final GatewayKeys.KeySection KEYS =
      GatewayKeys.KeySection.of(
          ConfigKey.value(SERVICE),
          ConfigKey.value(METHOD),
          ConfigKey.value(INTERVAL),
          ConfigKey.value(TIMEOUT),
          ConfigKey.value(UNHEALTHY),
          ConfigKey.value(HEALTHY));

  private HealthYaml() {}

  /** The health checks of a cluster; empty when there are none. */
  static Optional<HealthCheckOptions> of(YamlMap cluster) {
    if (!cluster.has(HEALTH)) {
      return Optional.empty();
    }
    YamlMap health = cluster.map(HEALTH, "keys such as service and interval");
    health.requireKnown(KEYS.names());
    return Optional.of(
        new HealthCheckOptions(
            health.text(SERVICE.key(), SERVICE.expected()).orElse(""),
            health
                .parsed(METHOD.key(), METHOD.expected(), HealthYaml::method)
                .orElse(HealthMethod.WATCH),
            GatewayYaml.duration(health, INTERVAL),
            GatewayYaml.duration(health, TIMEOUT),
            new HealthCheckOptions.Thresholds(
                GatewayYaml.number(health, UNHEALTHY), GatewayYaml.number(health, HEALTHY))));
  }

  private static HealthMethod method(String name, String text) {
    if (!METHOD.words().contains(text)) {
      throw new IllegalArgumentException(
          name + ": " + text + " (expected: " + METHOD.expected() + ")");
    }
    return HealthMethod.valueOf(text.toUpperCase(Locale.ROOT));
  }
}
