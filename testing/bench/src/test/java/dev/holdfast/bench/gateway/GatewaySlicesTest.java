package dev.holdfast.bench.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.holdfast.bench.gateway.GatewaySlices.Group;
import dev.holdfast.bench.gateway.GatewaySlices.Load;
import dev.holdfast.bench.gateway.GatewaySlices.Slice;
import dev.holdfast.bench.load.GatewayWork;
import dev.holdfast.bench.load.H2load;
import dev.holdfast.bench.run.Sample;
import java.util.EnumSet;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class GatewaySlicesTest {
  private static final Load SATURATED = Load.of(GatewayWork.SMALL, H2load.SATURATION);
  private static final Load AT_RATE = Load.of(GatewayWork.SMALL, 10_000);

  private static final Load BUSY = Load.of(GrpcLoad.BUSY);

  private final GatewaySlices slices = new GatewaySlices();

  @Test
  void makesRatiosWithinEachAlternation() {
    add(SATURATED, "ours", 5, 12);
    add(SATURATED, "other", 10, 12);

    Sample ratio = slices.ratio(SATURATED, "ours", "other", Slice::cpuMicros);

    assertThat(ratio.min()).isEqualTo(0.5);
    assertThat(ratio.max()).isEqualTo(1);
    assertThat(ratio.median()).isEqualTo(0.75);
  }

  /** Two of them took part in three turns of each alternation, another one in the first. */
  @Test
  void pairsTheSlicesOfTheTurnsThatBothTookPartIn() {
    add(SATURATED, "ours", 1, 2, 3, 10, 20, 30);
    add(SATURATED, "other", 2, 2, 2, 10, 10, 10);
    add(SATURATED, "third", 1, 10);

    assertThat(slices.ratio(SATURATED, "ours", "other", Slice::cpuMicros).max()).isEqualTo(3);
    Sample third = slices.ratio(SATURATED, "ours", "third", Slice::cpuMicros);
    assertThat(third.min()).isEqualTo(1);
    assertThat(third.max()).isEqualTo(1);
    assertThat(slices.ratio(SATURATED, "third", "other", Slice::cpuMicros).max()).isEqualTo(1);
  }

  @Test
  void findsTheLoadThatIsWorstForUs() {
    add(SATURATED, "ours", 9);
    add(SATURATED, "other", 18);
    add(AT_RATE, "ours", 3);
    add(AT_RATE, "other", 4);

    add(BUSY, "ours", 1);
    add(BUSY, "other", 1);

    ToDoubleFunction<Load> ratio =
        load -> slices.ratio(load, "ours", "other", Slice::cpuMicros).median();
    assertThat(slices.worst(EnumSet.of(Group.CONSTANT), ratio)).isEqualTo(AT_RATE);
    assertThat(slices.worst(EnumSet.allOf(Group.class), ratio)).isEqualTo(BUSY);
    assertThat(AT_RATE.key()).isEqualTo("64b at 10000/s");
    assertThat(SATURATED.key()).isEqualTo("64b saturated");
    assertThat(BUSY.key()).isEqualTo("clients 4x50 saturated");
  }

  @Test
  void p99IsThatOfAllCallsOfALoad() {
    slices.add(AT_RATE, "ours", new Slice(1, 1, calls(98, 1_000, 2, 5_000)));
    slices.add(AT_RATE, "ours", new Slice(1, 1, calls(200, 1_000, 0, 5_000)));
    slices.add(AT_RATE, "other", new Slice(1, 1, calls(98, 500, 2, 2_000)));

    // Two slow calls of 300 are fewer than one in a hundred, of 100 more.
    assertThat(slices.p99Micros(AT_RATE, "ours")).isCloseTo(1_000, withinPercentage(1));
    assertThat(slices.p99Micros(AT_RATE, "other")).isCloseTo(2_000, withinPercentage(1));
    assertThat(slices.p99RatioOfAll(AT_RATE, "ours", "other")).isCloseTo(0.5, withinPercentage(1));
  }

  @Test
  void latenciesAreTheSameOnTheOtherSideOfALine() {
    Histogram sent = calls(10, 1_000, 3, 123_456);

    assertThat(Latencies.decode(Latencies.encode(sent))).isEqualTo(sent);
    assertThatThrownBy(() -> Latencies.decode("no histogram"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void keepsTheMostTimeWaitOfEachProxy() {
    slices.addTimeWait("ours", 7);
    slices.addTimeWait("ours", 3);
    slices.addTimeWait("other", 20_000);

    assertThat(slices.timeWait("ours")).isEqualTo(7);
  }

  @Test
  void hasNoFigureOfWhatWasNotMeasured() {
    add(SATURATED, "ours", 9);

    assertThatThrownBy(() -> slices.values(SATURATED, "other", Slice::cpuMicros))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("other was not measured under 64b saturated");
  }

  private void add(Load load, String proxy, double... cpuMicros) {
    for (double one : cpuMicros) {
      slices.add(load, proxy, new Slice(one, 1, Latencies.empty()));
    }
  }

  private static Histogram calls(int fast, long fastMicros, int slow, long slowMicros) {
    Histogram nanos = Latencies.empty();
    nanos.recordValueWithCount(fastMicros * 1_000, fast);
    nanos.recordValueWithCount(slowMicros * 1_000, slow);
    return nanos;
  }
}
