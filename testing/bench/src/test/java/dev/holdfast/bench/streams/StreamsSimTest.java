package dev.holdfast.bench.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class StreamsSimTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final StreamsSim sim =
      new StreamsSim(new PrintStream(bytes, true, StandardCharsets.UTF_8));

  @Test
  void aRunThatMissesABoundSaysSoAndFails() {
    assertThat(sim.play(1, 1)).isEqualTo(1);
    assertThat(text()).contains("MISSED: violations 0").contains("RESULT seeds=1 violations=0");
  }

  @Test
  void oneSeedCanBePlayedWithAllThatHappens() {
    assertThat(sim.run(List.of("--trace", "7"))).isZero();
    assertThat(text()).contains("opens 1");
  }

  @Test
  void anUnknownArgumentIsRefused() {
    assertThat(sim.run(List.of("--seeds"))).isEqualTo(2);
  }

  private String text() {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
