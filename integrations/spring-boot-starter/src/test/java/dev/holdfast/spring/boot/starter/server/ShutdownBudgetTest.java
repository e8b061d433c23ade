package dev.holdfast.spring.boot.starter.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.grpc.DrainOptions;
import dev.holdfast.spring.boot.starter.Applications;
import dev.holdfast.spring.boot.starter.HoldfastProperties;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.core.env.StandardEnvironment;

/** Tests that a shutdown has one budget, whose parts never exceed it. */
class ShutdownBudgetTest {
  private static final HoldfastProperties.Drain NOTHING_SET =
      Applications.bound(Map.of()).server().drain();

  @Test
  void partsOfTheDefaultBudgetAreThoseOfHoldfast() {
    ShutdownBudget budget = budget();
    assertThat(budget.total()).isEqualTo(Duration.ofSeconds(30));
    assertThat(budget.drain().withdrawWithin()).isEqualTo(DrainOptions.DEFAULT.withdrawWithin());
    assertThat(budget.drain().spread()).isEqualTo(DrainOptions.DEFAULT.spread());
    assertThat(budget.drain().grace()).isEqualTo(Duration.ofMillis(26_500));
  }

  @Test
  void phaseOfTheApplicationIsTheBudget() {
    ShutdownBudget budget = budget("spring.lifecycle.timeout-per-shutdown-phase=10s");
    assertThat(budget.total()).isEqualTo(Duration.ofSeconds(10));
    assertThat(budget.drain().total()).isEqualTo(Duration.ofMillis(9_500));
  }

  @Test
  void theShorterOfPhaseAndGracePeriodCounts() {
    assertThat(budget("spring.grpc.server.shutdown.grace-period=5").total())
        .isEqualTo(Duration.ofSeconds(5));
    assertThat(budget("spring.grpc.server.shutdown.grace-period=50s").total())
        .isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void partsShrinkWithATinyBudget() {
    for (int millis = 0; millis <= 4_000; millis += 7) {
      Duration total = Duration.ofMillis(millis);
      assertThat(ShutdownBudget.of(total, NOTHING_SET).drain().total()).isLessThanOrEqualTo(total);
    }
  }

  @Test
  void partsThatExceedTheBudgetAreRefused() {
    HoldfastProperties.Drain parts =
        new HoldfastProperties.Drain(Duration.ofSeconds(3), Duration.ofSeconds(4));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ShutdownBudget.of(Duration.ofSeconds(5), parts))
        .withMessage(
            "holdfast.server.drain: withdraw-within 3s and spread 4s (expected: together at most"
                + " 4750ms, of spring.lifecycle.timeout-per-shutdown-phase and"
                + " spring.grpc.server.shutdown.grace-period)");
  }

  @Test
  void anImmediateShutdownStillRemovesTheRecord() {
    for (String immediate :
        new String[] {"server.shutdown=immediate", "spring.grpc.server.shutdown.grace-period=0"}) {
      ShutdownBudget budget = budget(immediate);
      assertThat(budget.drain())
          .as(immediate)
          .isEqualTo(
              new DrainOptions(
                  DrainOptions.DEFAULT.withdrawWithin(), Duration.ZERO, Duration.ZERO));
    }
  }

  @Test
  void aNegativeGracePeriodWaitsForAnHour() {
    assertThat(budget("spring.grpc.server.shutdown.grace-period=-1").total())
        .isEqualTo(Duration.ofHours(1));
  }

  private static ShutdownBudget budget(String... properties) {
    StandardEnvironment environment = new StandardEnvironment();
    TestPropertyValues.of(properties).applyTo(environment);
    return ShutdownBudget.of(environment, ServerSettings.explicit(environment), NOTHING_SET);
  }
}
