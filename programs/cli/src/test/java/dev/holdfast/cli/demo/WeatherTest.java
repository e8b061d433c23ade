package dev.holdfast.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class WeatherTest {
  @Test
  void sameSeedMakesTheSameWeather() {
    assertThat(gusts(7, 200)).isEqualTo(gusts(7, 200)).isNotEqualTo(gusts(8, 200));
  }

  @Test
  void everyKindComesAtEveryDoorWithinAMinuteOrTwo() {
    Set<Weather.Kind> kinds = EnumSet.noneOf(Weather.Kind.class);
    List<Weather.Gust> gusts = gusts(1, 120);
    gusts.forEach(gust -> kinds.add(gust.kind()));

    assertThat(kinds).containsExactlyInAnyOrder(Weather.Kind.values());
    assertThat(gusts).extracting(Weather.Gust::door).contains(0, 1, 2).doesNotContain(3);
  }

  @Test
  void noGustOutlastsTheTimeAfterWhichASessionIsGivenUp() {
    assertThat(gusts(3, 1_000)).allMatch(gust -> gust.length().toSeconds() < 10);
  }

  private static List<Weather.Gust> gusts(long seed, int count) {
    return Stream.generate(new Weather(new Random(seed), 3)::next).limit(count).toList();
  }
}
