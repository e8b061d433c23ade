package dev.holdfast.lab.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.lab.load.StallRecorder.ProcessStall;
import org.junit.jupiter.api.Test;

class StallRecorderTest {
  private static final long MILLI = 1_000_000;

  @Test
  void theLongestStallIsToldWithItsEnd() {
    try (StallRecorder recorder = StallRecorder.start()) {
      recorder.onWake(MILLI, 1_001);
      recorder.onWake(64_000 * MILLI, 2_640);
      recorder.onWake(200 * MILLI, 3_200);
      assertThat(recorder.longestInWords(1_000))
          .isEqualTo("longest stall of this process: 64000 ms, until 1.640 s");
      assertThat(recorder.stalls())
          .contains(new ProcessStall(2_640, 64_000), new ProcessStall(3_200, 200))
          .doesNotContain(new ProcessStall(1_001, 1));
    }
  }
}
