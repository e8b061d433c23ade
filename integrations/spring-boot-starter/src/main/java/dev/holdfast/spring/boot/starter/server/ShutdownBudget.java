package dev.holdfast.spring.boot.starter.server;

import dev.holdfast.core.DurationText;
import dev.holdfast.grpc.DrainOptions;
import dev.holdfast.spring.boot.starter.HoldfastProperties;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * The time that a stopping server has, and its parts: records are removed, the change spreads,
 * calls end. All of it lies within the shutdown phase of the application.
 *
 * @param total from the begin of the shutdown to the cut of what is still open
 * @param drain the parts, whose sum is at most the total
 */
record ShutdownBudget(Duration total, DrainOptions drain) {
  private static final String PHASE = "spring.lifecycle.timeout-per-shutdown-phase";
  private static final String SHUTDOWN = "server.shutdown";
  private static final Duration PHASE_DEFAULT = Duration.ofSeconds(30);
  private static final Duration LONGEST = Duration.ofHours(1);

  /** The share of the budget that calls which were cut have to end. */
  private static final int END_SHARE = 20;

  private static final Duration END_AT_MOST = Duration.ofMillis(500);

  /**
   * The budget of an application.
   *
   * @param settings may shorten the phase by {@code spring.grpc.server.shutdown.grace-period}, or
   *     prolong it where that is negative, as in Spring Boot
   * @throws IllegalArgumentException when the parts that were set exceed the budget
   */
  static ShutdownBudget of(
      Environment environment, ServerSettings settings, HoldfastProperties.Drain parts) {
    Binder binder = Binder.get(environment);
    Duration phase = binder.bind(PHASE, Duration.class).orElse(PHASE_DEFAULT);
    boolean immediate =
        "immediate".equalsIgnoreCase(binder.bind(SHUTDOWN, String.class).orElse("graceful"));
    Duration grace = settings.shutdown().gracePeriod();
    if (immediate || (grace != null && grace.isZero())) {
      // The record is removed all the same: clients would go on calling for a TTL.
      Duration withdraw = parts.withdrawWithin() == null ? standard() : parts.withdrawWithin();
      return new ShutdownBudget(withdraw, new DrainOptions(withdraw, Duration.ZERO, Duration.ZERO));
    }
    Duration budget = phase;
    if (grace != null) {
      budget = grace.isNegative() ? LONGEST : shorter(grace, phase);
    }
    return of(budget, parts);
  }

  /** The parts of a budget; those that were not set shrink with it. */
  static ShutdownBudget of(Duration budget, HoldfastProperties.Drain parts) {
    Duration end = shorter(END_AT_MOST, budget.dividedBy(END_SHARE));
    Duration forParts = budget.minus(end);
    Duration withdraw =
        part(parts.withdrawWithin(), DrainOptions.DEFAULT.withdrawWithin(), forParts.dividedBy(2));
    Duration spread = part(parts.spread(), DrainOptions.DEFAULT.spread(), forParts.dividedBy(4));
    Duration grace = forParts.minus(withdraw).minus(spread);
    if (grace.isNegative()) {
      throw new IllegalArgumentException(
          "holdfast.server.drain: withdraw-within "
              + DurationText.format(withdraw)
              + " and spread "
              + DurationText.format(spread)
              + " (expected: together at most "
              + DurationText.format(forParts)
              + ", of "
              + PHASE
              + " and spring.grpc.server.shutdown.grace-period)");
    }
    return new ShutdownBudget(budget, new DrainOptions(withdraw, spread, shorter(grace, LONGEST)));
  }

  private static Duration standard() {
    return DrainOptions.DEFAULT.withdrawWithin();
  }

  private static Duration part(@Nullable Duration set, Duration standard, Duration share) {
    return set == null ? shorter(standard, share) : set;
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
