package dev.holdfast.cli.demo.load;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StallDetectorTest {
  private static final long MILLI = 1_000_000;

  @Test
  void theLongestStallIsToldWithItsEnd() {
    StallDetector watch = new StallDetector();
    watch.onWake(1_000 * MILLI, 1_001 * MILLI);
    watch.onWake(2_000 * MILLI, 2_640 * MILLI);
    watch.onWake(3_000 * MILLI, 3_200 * MILLI);
    assertThat(watch.longest(1_000 * MILLI))
        .isEqualTo("longest stall of this process: 640 ms, until 1.640 s");
  }
}
