package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DurationTextTest {

  @Test
  void readsEveryUnit() {
    assertThat(DurationText.parse("ttl", "250ms")).isEqualTo(Duration.ofMillis(250));
    assertThat(DurationText.parse("ttl", "5s")).isEqualTo(Duration.ofSeconds(5));
    assertThat(DurationText.parse("ttl", "10m")).isEqualTo(Duration.ofMinutes(10));
    assertThat(DurationText.parse("ttl", "2h")).isEqualTo(Duration.ofHours(2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5", "s", "-5s", "1.5s", "5 s", "5S", "99999999999s", "PT5S"})
  void refusesWhatHasNoUnitOrNoWholeNumber(String text) {
    assertThatThrownBy(() -> DurationText.parse("ttl", text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "ttl: \"%s\" (expected: a number and ms, s, m or h, such as 250ms)".formatted(text));
  }

  @Test
  void namesTheBoundsInTheUnitsOfPeople() {
    assertThatThrownBy(
            () -> DurationText.parse("poll", "5ms", Duration.ofMillis(10), Duration.ofMinutes(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("poll: 5ms (expected: 10ms to 1m)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0s", "1ms", "1500ms", "90s", "30m", "3h"})
  void writesWhatItReads(String text) {
    assertThat(DurationText.format(DurationText.parse("ttl", text))).isEqualTo(text);
  }
}
