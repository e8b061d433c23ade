package dev.holdfast.control.resources;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The traffic policy of one service.
 *
 * @param traffic the subsets of instances that calls go to
 * @param balancer the load balancing policy within a subset
 * @param retry the retry policy; empty for none
 * @param outliers the outlier detection; empty for none
 * @param timeout the longest time of a call whose client sets no deadline or a later one
 * @param maxCalls the largest number of concurrent calls of a client; empty for no limit
 */
public record ServicePolicy(
    TrafficPolicy traffic,
    LbPolicyRule balancer,
    Optional<RetryRule> retry,
    Optional<OutlierRule> outliers,
    Optional<Duration> timeout,
    OptionalInt maxCalls) {
  /** The policy of a service that no policy file names: round robin over all instances. */
  public static final ServicePolicy DEFAULT =
      new ServicePolicy(
          TrafficPolicy.TO_ALL,
          LbPolicyRule.ROUND_ROBIN,
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          OptionalInt.empty());
}
