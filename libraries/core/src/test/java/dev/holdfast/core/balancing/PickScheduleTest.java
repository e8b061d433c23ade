package dev.holdfast.core.balancing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class PickScheduleTest {

  @Test
  void equalSharesAreRoundRobin() {
    assertThat(schedule(5, 5, 5)).hasSize(3).containsExactlyInAnyOrder(0, 1, 2);
  }

  @Test
  void smallWholeWeightsAreExact() {
    int[] schedule = schedule(2, 3, 7);
    assertThat(schedule).hasSize(12);
    assertThat(counts(schedule, 3)).containsExactly(2, 3, 7);
  }

  @Test
  void aHeavyEndpointIsInterleavedAndNotABurst() {
    int[] schedule = schedule(4, 1, 1, 1, 1);
    for (int i = 0; i + 1 < schedule.length; i++) {
      assertThat(schedule[i] == 0 && schedule[i + 1] == 0).isFalse();
    }
  }

  @Test
  void newcomersComeFirst() {
    int[] schedule = PickSchedule.of(new double[] {1, 0.1, 1}, new boolean[] {false, true, false});
    assertThat(schedule[0]).isEqualTo(1);
  }

  @Test
  void nothingIsScheduledWithoutAShare() {
    assertThat(PickSchedule.of(new double[0], new boolean[0])).isEmpty();
    assertThat(counts(schedule(0, 1), 2)).containsExactly(0, 1);
  }

  @Test
  void theScheduleOfTenThousandEndpointsIsBounded() {
    double[] shares = new double[10_000];
    Arrays.setAll(shares, i -> 1 + i % 17 * 0.37);
    int[] schedule = PickSchedule.of(shares, new boolean[10_000]);
    assertThat(schedule.length).isBetween(10_000, 60_000);
    assertThat(counts(schedule, 10_000)).doesNotContain(0);
  }

  @Property(tries = 300)
  void everyEndpointGetsItsShareSpreadEvenly(
      @ForAll @Size(min = 1, max = 30) List<@IntRange(min = 1, max = 10_000) Integer> weights,
      @ForAll @DoubleRange(min = 0.1, max = 1) double ramp) {
    double[] shares = weights.stream().mapToDouble(w -> w).toArray();
    shares[0] *= ramp;
    int[] schedule = PickSchedule.of(shares, new boolean[shares.length]);
    int[] counts = counts(schedule, shares.length);
    double sum = Arrays.stream(shares).sum();
    double slot = 1.0 / schedule.length;
    for (int i = 0; i < shares.length; i++) {
      double wanted = shares[i] / sum;
      double got = counts[i] * slot;
      assertThat(got).isGreaterThan(0);
      // Never off by more than the rounding of its own and everyone else's slots.
      assertThat(Math.abs(got - wanted)).isLessThan(0.02 * wanted + 2 * slot);
    }
  }

  private static int[] schedule(double... shares) {
    return PickSchedule.of(shares, new boolean[shares.length]);
  }

  private static int[] counts(int[] schedule, int endpoints) {
    int[] counts = new int[endpoints];
    Arrays.stream(schedule).forEach(i -> counts[i]++);
    return counts;
  }
}
