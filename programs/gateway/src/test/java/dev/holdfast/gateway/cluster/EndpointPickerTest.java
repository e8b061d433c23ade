package dev.holdfast.gateway.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EndpointPickerTest {
  private final Random random = new Random(7);
  private final IntUnaryOperator chance = random::nextInt;

  /** Endpoints with numbers of open calls and weights. */
  private record Fixed(List<Integer> calls, List<Integer> weights) implements LbEndpoints {
    @Override
    public int size() {
      return calls.size();
    }

    @Override
    public int openCalls(int index) {
      return calls.get(index);
    }

    @Override
    public double share(int index) {
      return weights.get(index);
    }

    @Override
    public String key(int index) {
      return "10.0.0." + index + ":50051";
    }
  }

  @Test
  void leastRequestNeverTakesTheBusiestOfSeveral() {
    EndpointPicker endpointPicker =
        EndpointPicker.of(
            ClusterLbPolicy.LEAST_REQUEST, new Fixed(List.of(9, 1, 1), List.of(1, 1, 1)), chance);
    int[] taken = taken(endpointPicker, 3, 3_000);
    assertThat(taken[0]).isZero();
    assertThat(taken[1]).isBetween(1_300, 1_700);
  }

  @Test
  void leastRequestGoesByShareWhileNobodyIsBusyAndByCallsForTheirShareThen() {
    assertThat(takenOfTenToOne(0, 0)).isBetween(8_900, 9_280);
    assertThat(takenOfTenToOne(3, 1)).isGreaterThan(9_800);
    // But one that is idle gets no more than twice its share.
    assertThat(takenOfTenToOne(3, 0)).isBetween(8_100, 8_450);
  }

  private int takenOfTenToOne(int calls, int others) {
    Fixed two = new Fixed(List.of(calls, others), List.of(10, 1));
    return taken(EndpointPicker.of(ClusterLbPolicy.LEAST_REQUEST, two, chance), 2, 10_000)[0];
  }

  @Test
  void roundRobinOfUnequalSharesIsSpreadEvenly() {
    EndpointPicker endpointPicker =
        EndpointPicker.of(
            ClusterLbPolicy.ROUND_ROBIN, new Fixed(List.of(0, 0), List.of(3, 1)), chance);
    for (int turn = 0; turn < 10; turn++) {
      assertThat(taken(endpointPicker, 2, 4)).containsExactly(3, 1);
    }
  }

  @Test
  void roundRobinTakesEachInTurn() {
    EndpointPicker endpointPicker =
        EndpointPicker.of(
            ClusterLbPolicy.ROUND_ROBIN,
            new Fixed(List.of(0, 0, 0, 0), List.of(1, 1, 1, 1)),
            chance);
    assertThat(taken(endpointPicker, 4, 400)).containsOnly(100);
  }

  @Test
  void weightedFollowsWeights() {
    EndpointPicker endpointPicker =
        EndpointPicker.of(
            ClusterLbPolicy.WEIGHTED, new Fixed(List.of(0, 0, 0), List.of(1, 3, 6)), chance);
    int[] taken = taken(endpointPicker, 3, 10_000);
    assertThat(taken[0]).isBetween(850, 1_150);
    assertThat(taken[1]).isBetween(2_800, 3_200);
    assertThat(taken[2]).isBetween(5_700, 6_300);
  }

  @Test
  void ringKeepsEqualHashesTogetherAndMostOfThemWhenOneLeaves() {
    List<Integer> same = List.of(1, 1, 1, 1, 1);
    EndpointPicker five =
        EndpointPicker.of(
            ClusterLbPolicy.RING_HASH, new Fixed(List.of(0, 0, 0, 0, 0), same), chance);
    EndpointPicker four =
        EndpointPicker.of(
            ClusterLbPolicy.RING_HASH, new Fixed(List.of(0, 0, 0, 0), List.of(1, 1, 1, 1)), chance);
    int[] taken = new int[5];
    for (int hash = 0; hash < 10_000; hash++) {
      int chosen = five.pick(hash);
      taken[chosen]++;
      assertThat(five.pick(hash)).isEqualTo(chosen);
      if (chosen < 4) {
        assertThat(four.pick(hash)).isEqualTo(chosen);
      }
    }
    assertThat(IntStream.of(taken)).allMatch(count -> count > 1_500 && count < 2_500);
  }

  private static int[] taken(EndpointPicker endpointPicker, int size, int times) {
    int[] taken = new int[size];
    for (int i = 0; i < times; i++) {
      taken[endpointPicker.pick(0)]++;
    }
    return taken;
  }
}
