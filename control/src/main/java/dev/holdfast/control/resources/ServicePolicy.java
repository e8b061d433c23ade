package dev.holdfast.control.resources;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What clients of one service are told beside its instances.
 *
 * @param traffic which instances calls go to
 * @param balancer how one of them is chosen
 * @param retry which calls are sent again; none when empty
 * @param outliers when an instance is left out; never when empty
 * @param timeout how long a call may take where its client says nothing or more
 * @param maxCalls how many calls a client has under way at most; no limit when empty
 */
public record ServicePolicy(
    Traffic traffic,
    Balancer balancer,
    Optional<RetryRule> retry,
    Optional<OutlierRule> outliers,
    Optional<Duration> timeout,
    OptionalInt maxCalls) {
  /** What holds for a service that no policy names: all instances in turn. */
  public static final ServicePolicy DEFAULT =
      new ServicePolicy(
          Traffic.TO_ALL,
          Balancer.ROUND_ROBIN,
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          OptionalInt.empty());
}
