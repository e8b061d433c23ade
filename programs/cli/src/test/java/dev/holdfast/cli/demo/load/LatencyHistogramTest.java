package dev.holdfast.cli.demo.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class LatencyHistogramTest {

  @Test
  void anEmptyOneSaysZero() {
    assertThat(new LatencyHistogram().quantileMillis(0.99)).isZero();
  }

  @Test
  void oneSlowCallInAHundredIsNotTheNinetyNinthPercentile() {
    LatencyHistogram histogram = new LatencyHistogram();
    for (int i = 0; i < 99; i++) {
      histogram.record(TimeUnit.MILLISECONDS.toNanos(1));
    }
    histogram.record(TimeUnit.MILLISECONDS.toNanos(900));
    assertThat(histogram.quantileMillis(0.99)).isBetween(1.0, 1.04);
    assertThat(histogram.quantileMillis(1)).isBetween(900.0, 930.0);
  }

  @Test
  void timesBeyondTheScaleCountAtItsEnds() {
    LatencyHistogram histogram = new LatencyHistogram();
    histogram.record(-5);
    histogram.record(Long.MAX_VALUE);
    assertThat(histogram.count()).isEqualTo(2);
    assertThat(histogram.quantileMillis(0)).isZero();
    assertThat(histogram.quantileMillis(1)).isEqualTo(((1L << 32) - 1) / 1_000.0);
  }

  @Property
  void aQuantileIsNeverBelowTheTrueOneAndAtMostOneThirtySecondAbove(
      @ForAll @Size(min = 1, max = 200) List<@LongRange(min = 0, max = 4_000_000_000L) Long> micros) {
    LatencyHistogram histogram = new LatencyHistogram();
    micros.forEach(value -> histogram.record(value * 1_000));
    List<Long> sorted = micros.stream().sorted().toList();
    for (double quantile : new double[] {0.01, 0.5, 0.9, 0.99, 1}) {
      int rank = Math.max(1, (int) Math.ceil(quantile * sorted.size()));
      double trueMillis = sorted.get(rank - 1) / 1_000.0;
      assertThat(histogram.quantileMillis(quantile)).isBetween(trueMillis, trueMillis * 33 / 32);
    }
  }
}
