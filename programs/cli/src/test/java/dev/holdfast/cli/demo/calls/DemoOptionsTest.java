package dev.holdfast.cli.demo.calls;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class DemoOptionsTest {

  @Test
  void refusesATimeInWhichTheStoryCantHappen() {
    assertThatThrownBy(() -> new DemoOptions(Duration.ofSeconds(19), 3, 200))
        .hasMessage(
            "seconds: 19 (expected: 20 to 86400, as the registry alone is away for 10 s of them)");
  }

  @Test
  void refusesASingleInstanceWhichNobodyCouldStandInFor() {
    assertThatThrownBy(() -> new DemoOptions(Duration.ofSeconds(30), 1, 200))
        .hasMessage("instances: 1 (expected: 2 to 10)");
  }

  @Test
  void refusesARateOfNothing() {
    assertThatThrownBy(() -> new DemoOptions(Duration.ofSeconds(30), 3, 0))
        .hasMessage("rate: 0 (expected: 1 to 2000)");
  }
}
