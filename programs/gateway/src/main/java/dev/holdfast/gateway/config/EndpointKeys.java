package dev.holdfast.gateway.config;

import dev.holdfast.core.TunableDuration;
import dev.holdfast.core.TunableNumber;
import dev.holdfast.core.TunableText;
import dev.holdfast.gateway.cluster.ClusterOptions;
import dev.holdfast.gateway.cluster.LoadBalancingOptions;
import dev.holdfast.gateway.cluster.OutlierOptions;
import dev.holdfast.gateway.cluster.RetryBudgetOptions;
import java.time.Duration;

/** The keys of a gateway's file about which endpoints get how much, and for how long. */
final class EndpointKeys {
  static final String OUTLIERS = "outliers";
  static final String RETRIES = "retries";

  static final TunableText ZONE =
      new TunableText(
          "zone",
          "a text",
          "HOLDFAST_ZONE",
          "The gateway's own zone: its endpoints get all calls while enough of them are healthy,"
              + " otherwise other zones get the rest.");
  static final TunableDuration SLOW_START =
      new TunableDuration(
          "slow-start",
          Duration.ZERO,
          Duration.ofHours(1),
          LoadBalancingOptions.DEFAULT.slowStart(),
          "For how long an endpoint that joins, or comes back, gets less than its share; from a"
              + " tenth on, evenly. Not with ring_hash.");
  static final TunableDuration CONNECTION_AGE =
      new TunableDuration(
          "connection-age",
          Duration.ZERO,
          Duration.ofHours(24),
          ClusterOptions.DEFAULT.connectionAge(),
          "After which another connection takes the place of one, give or take a tenth; calls on"
              + " the old one go on. 0s is never, else at least 1s.");

  static final TunableNumber FAULTS =
      new TunableNumber(
          "faults",
          0,
          1_000,
          OutlierOptions.DEFAULT.faults(),
          "In a row, after which an endpoint gets no calls for a while: failures to connect, lost"
              + " connections, resets, UNAVAILABLE. 0 is never.");
  static final TunableDuration WITHIN =
      new TunableDuration(
          "within",
          Duration.ofSeconds(1),
          Duration.ofHours(1),
          OutlierOptions.DEFAULT.within(),
          "The time within which they must come.");
  static final TunableDuration EJECTION =
      new TunableDuration(
          "ejection",
          Duration.ofMillis(100),
          OutlierOptions.LONGEST_EJECTION,
          OutlierOptions.DEFAULT.ejection(),
          "For how long, at first; twice as long each time that it fails at its return, up to 5m.");
  static final TunableNumber MOST_PERCENT =
      new TunableNumber(
          "most-percent",
          0,
          100,
          OutlierOptions.DEFAULT.mostPercent(),
          "Of the endpoints may be left out at once; one always stays.");

  static final TunableNumber RETRY_PERCENT =
      new TunableNumber(
          "percent",
          0,
          RetryBudgetOptions.MOST_PERCENT,
          RetryBudgetOptions.DEFAULT.percent(),
          "Of the calls: so many more attempts by a route's retry, on the average; 0 is none once"
              + " burst is spent.");
  static final TunableNumber RETRY_BURST =
      new TunableNumber(
          "burst",
          0,
          RetryBudgetOptions.MOST_BURST,
          RetryBudgetOptions.DEFAULT.burst(),
          "So many of them may come at once, from one thread of the gateway.");

  static final GatewayKeys.KeySection RETRY_KEYS =
      GatewayKeys.KeySection.of(ConfigKey.value(RETRY_PERCENT), ConfigKey.value(RETRY_BURST));

  static final GatewayKeys.KeySection OUTLIER_KEYS =
      GatewayKeys.KeySection.of(
          ConfigKey.value(FAULTS),
          ConfigKey.value(WITHIN),
          ConfigKey.value(EJECTION),
          ConfigKey.value(MOST_PERCENT));

  private EndpointKeys() {}
}
