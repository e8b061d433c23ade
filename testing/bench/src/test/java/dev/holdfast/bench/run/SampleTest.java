package dev.holdfast.bench.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SampleTest {
  private static final double TINY = 1e-12;

  @Test
  void medianOfAnOddCountIsTheMiddleValueAndOfAnEvenCountTheMeanOfTheTwo() {
    assertThat(Sample.of(3, 1, 2).median()).isEqualTo(2);
    assertThat(Sample.of(4, 1, 2, 3).median()).isEqualTo(2.5);
    assertThat(Sample.of(7).median()).isEqualTo(7);
  }

  @Test
  void quartilesAreThoseOfASpreadsheet() {
    Sample sample = Sample.of(1, 2, 3, 4);
    assertThat(sample.lowerQuartile()).isCloseTo(1.75, within(TINY));
    assertThat(sample.upperQuartile()).isCloseTo(3.25, within(TINY));
    assertThat(sample.interquartileRange()).isCloseTo(1.5, within(TINY));
  }

  @Test
  void percentileIsNearestRank() {
    Sample hundred = Sample.of(IntStream.rangeClosed(1, 100).asDoubleStream().toArray());
    assertThat(hundred.percentile(50)).isEqualTo(50);
    assertThat(hundred.percentile(99)).isEqualTo(99);
    assertThat(hundred.percentile(99.5)).isEqualTo(100);
    assertThat(hundred.percentile(100)).isEqualTo(100);
    assertThat(hundred.percentile(0.001)).isEqualTo(1);
  }

  @Test
  void ninetyNinthPercentileOfFewValuesIsTheLargest() {
    Sample fifty = Sample.of(IntStream.rangeClosed(1, 50).asDoubleStream().toArray());
    assertThat(fifty.percentile(99)).isEqualTo(50);
  }

  @Test
  void percentileDoesNotSlipToTheNextValueByRounding() {
    // 0.07 * 100 is 7.000000000000001 in binary.
    Sample hundred = Sample.of(IntStream.rangeClosed(1, 100).asDoubleStream().toArray());
    assertThat(hundred.percentile(7)).isEqualTo(7);
  }

  @Test
  void refusesNothingAndWhatIsNoNumber() {
    assertThatThrownBy(Sample::of).hasMessage("values: none (expected: at least one)");
    assertThatThrownBy(() -> Sample.of(1, Double.NaN)).hasMessageContaining("NaN (expected:");
    assertThatThrownBy(() -> Sample.of(1).percentile(0)).hasMessageContaining("(expected: > 0");
    assertThatThrownBy(() -> Sample.of(1).percentile(101)).hasMessageContaining("<= 100");
  }

  /** The ranks are those of tables of the sign test. */
  @ParameterizedTest
  @CsvSource({
    "1, 1", "5, 1", "6, 1", "8, 1", "9, 2", "12, 3", "20, 6", "25, 8", "40, 14", "60, 22"
  })
  void medianIsAtLeastTheValueThatTheSignTestNames(int count, double rank) {
    assertThat(
            Sample.of(DoubleStream.iterate(1, i -> i + 1).limit(count).toArray()).medianAtLeast())
        .isEqualTo(rank);
  }

  @Property
  void atLeastTheShareOfAllValuesLiesAtOrBelowAPercentileAndLessBelowTheValueBefore(
      @ForAll @Size(min = 1, max = 300) double[] raw,
      @ForAll @DoubleRange(min = 0.1, max = 100) double percent) {
    double[] values = DoubleStream.of(raw).map(v -> Double.isFinite(v) ? v : 0).toArray();
    Sample sample = Sample.of(values);
    double percentile = sample.percentile(percent);
    double share = percent / 100 - 1e-9;

    assertThat(Arrays.stream(values).anyMatch(v -> v == percentile)).isTrue();
    assertThat(Arrays.stream(values).filter(v -> v <= percentile).count())
        .isGreaterThanOrEqualTo((long) Math.floor(share * values.length));
    assertThat((double) Arrays.stream(values).filter(v -> v < percentile).count() / values.length)
        .isLessThanOrEqualTo(percent / 100);
    assertThat(sample.min()).isLessThanOrEqualTo(sample.median());
    assertThat(sample.median()).isLessThanOrEqualTo(sample.max());
  }
}
