package dev.holdfast.bench.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.bench.gateway.GatewaySlices.Group;
import dev.holdfast.bench.gateway.GatewaySlices.Load;
import dev.holdfast.bench.gateway.GatewaySlices.Slice;
import dev.holdfast.bench.load.GatewayWork;
import dev.holdfast.bench.load.H2load;
import dev.holdfast.bench.run.Sample;
import java.util.EnumSet;
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

  @Test
  void findsTheLoadThatIsWorstForUs() {
    add(SATURATED, "ours", 9);
    add(SATURATED, "other", 18);
    add(AT_RATE, "ours", 3);
    add(AT_RATE, "other", 4);

    add(BUSY, "ours", 1);
    add(BUSY, "other", 1);

    assertThat(slices.worst(EnumSet.of(Group.CONSTANT), "ours", "other", Slice::cpuMicros))
        .isEqualTo(AT_RATE);
    assertThat(slices.worst(EnumSet.allOf(Group.class), "ours", "other", Slice::cpuMicros))
        .isEqualTo(BUSY);
    assertThat(AT_RATE.key()).isEqualTo("64b at 10000/s");
    assertThat(SATURATED.key()).isEqualTo("64b saturated");
    assertThat(BUSY.key()).isEqualTo("clients 4x50 saturated");
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
      slices.add(load, proxy, new Slice(one, 1, 1));
    }
  }
}
