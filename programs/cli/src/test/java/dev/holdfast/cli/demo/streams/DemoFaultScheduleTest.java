package dev.holdfast.cli.demo.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class DemoFaultScheduleTest {
  @Test
  void sameSeedMakesTheSameFaults() {
    assertThat(gusts(7, 200)).isEqualTo(gusts(7, 200)).isNotEqualTo(gusts(8, 200));
  }

  @Test
  void everyKindComesAtEveryMiddleboxWithinAMinuteOrTwo() {
    Set<DemoFaultSchedule.ScheduledFaultKind> scheduledFaultKinds =
        EnumSet.noneOf(DemoFaultSchedule.ScheduledFaultKind.class);
    List<DemoFaultSchedule.ScheduledFault> scheduledFaults = gusts(1, 120);
    scheduledFaults.forEach(scheduledFault -> scheduledFaultKinds.add(scheduledFault.kind()));

    assertThat(scheduledFaultKinds)
        .containsExactlyInAnyOrder(DemoFaultSchedule.ScheduledFaultKind.values());
    assertThat(scheduledFaults)
        .extracting(DemoFaultSchedule.ScheduledFault::middlebox)
        .contains(0, 1, 2)
        .doesNotContain(3);
  }

  @Test
  void noGustOutlastsTheTimeAfterWhichASessionIsGivenUp() {
    assertThat(gusts(3, 1_000))
        .allMatch(scheduledFault -> scheduledFault.length().toSeconds() < 10);
  }

  private static List<DemoFaultSchedule.ScheduledFault> gusts(long seed, int count) {
    return Stream.generate(new DemoFaultSchedule(new Random(seed), 3)::next).limit(count).toList();
  }
}
