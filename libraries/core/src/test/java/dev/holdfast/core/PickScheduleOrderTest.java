package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.balancing.PickSchedule;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class PickScheduleOrderTest {

  /** The schedule is built by sorting; this is the queue of deadlines that it stands for. */
  @Property(tries = 200)
  void everyTurnIsTheEarliestDeadlineOfAll(
      @ForAll @Size(min = 1, max = 20) List<@IntRange(min = 1, max = 10) Integer> tenths) {
    double[] shares = tenths.stream().mapToDouble(t -> t / 10.0).toArray();
    int[] schedule = PickSchedule.of(shares, new boolean[shares.length]);
    int[] slots = new int[shares.length];
    Arrays.stream(schedule).forEach(i -> slots[i]++);
    record Turn(double deadline, int index) {}
    PriorityQueue<Turn> turns =
        new PriorityQueue<>(
            (a, b) ->
                Math.abs(a.deadline - b.deadline) > 1e-9
                    ? Double.compare(a.deadline, b.deadline)
                    : Integer.compare(a.index, b.index));
    double goldenRatio = 0.618033988749895;
    for (int i = 0; i < slots.length; i++) {
      turns.add(new Turn((1 - (i * goldenRatio) % 1.0) / slots[i], i));
    }
    for (int index : schedule) {
      Turn next = turns.remove();
      assertThat(index).isEqualTo(next.index);
      turns.add(new Turn(next.deadline + 1.0 / slots[next.index], next.index));
    }
  }

  @Test
  void endpointsThatWarmUpInTenthsMakeAShortSchedule() {
    double[] shares = new double[50];
    Arrays.fill(shares, 1);
    for (int step = 1; step < 10; step++) {
      shares[7] = step / 10.0;
      shares[31] = (10 - step) / 10.0;
      assertThat(PickSchedule.of(shares, new boolean[50]).length)
          .as("step %d", step)
          .isLessThanOrEqualTo(500);
    }
  }
}
