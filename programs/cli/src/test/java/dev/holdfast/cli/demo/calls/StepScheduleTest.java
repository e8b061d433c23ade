package dev.holdfast.cli.demo.calls;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class StepScheduleTest {
  private final StepSchedule plan = new StepSchedule(Duration.ofSeconds(60));

  @Test
  void spareTimeIsSpreadEvenlyOverThePausesThatAreLeft() {
    assertThat(plan.pause(Duration.ZERO, 0, Duration.ofSeconds(25)))
        .isEqualTo(Duration.ofSeconds(5));
    assertThat(plan.pause(Duration.ofSeconds(10), 1, Duration.ofSeconds(20)))
        .isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void afterTheLastStepTrafficRunsOnUntilTheTimeIsOver() {
    assertThat(plan.pause(Duration.ofSeconds(52), 6, Duration.ZERO))
        .isEqualTo(Duration.ofSeconds(8));
  }

  @Test
  void aLateRunDoesNotPause() {
    assertThat(plan.pause(Duration.ofSeconds(50), 3, Duration.ofSeconds(20)))
        .isEqualTo(Duration.ZERO);
  }
}
