package dev.holdfast.testrunner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PauseMonitorTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PauseMonitor monitor =
      new PauseMonitor(
          new PrintStream(bytes, true, StandardCharsets.UTF_8),
          () -> 21.34,
          TimeUnit.SECONDS.toNanos(5));

  @Test
  void aMachineThatStoodStillIsNamedOnceWithItsLoad() {
    monitor.observe(TimeUnit.MILLISECONDS.toNanos(5_100));
    monitor.observe(TimeUnit.MILLISECONDS.toNanos(12_400));
    monitor.observe(TimeUnit.MILLISECONDS.toNanos(12_500));

    assertThat(bytes.toString(StandardCharsets.UTF_8))
        .isEqualTo("(the machine stood still for 7.2 s; load average 21.3)\n");
  }

  @Test
  void aBusyMachineThatWakesASecondTooLateDidNotStandStill() {
    monitor.observe(TimeUnit.MILLISECONDS.toNanos(6_200));

    assertThat(bytes.toString(StandardCharsets.UTF_8)).isEmpty();
  }
}
