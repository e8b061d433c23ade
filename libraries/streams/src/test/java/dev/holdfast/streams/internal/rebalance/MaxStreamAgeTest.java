package dev.holdfast.streams.internal.rebalance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.wire.SessionId;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MaxStreamAgeTest {
  private static final Duration AGE = Duration.ofSeconds(100);

  private final MaxStreamAge maxAge = new MaxStreamAge(AGE);

  @Test
  void streamsThatBeganTogetherBecomeTooOldOneAfterTheOther() {
    Random random = new Random(1);
    int[] over = new int[3];
    for (int i = 0; i < 1_000; i++) {
      SessionId id = new SessionId(random.nextLong(), random.nextLong());
      over[0] += maxAge.isOver(id, Duration.ofSeconds(95)) ? 1 : 0;
      over[1] += maxAge.isOver(id, Duration.ofSeconds(100)) ? 1 : 0;
      over[2] += maxAge.isOver(id, Duration.ofSeconds(105)) ? 1 : 0;
      assertThat(maxAge.isOver(id, Duration.ofMillis(89_900))).isFalse();
      assertThat(maxAge.isOver(id, Duration.ofSeconds(110))).isTrue();
    }
    assertThat(over[0]).isBetween(200, 300);
    assertThat(over[1]).isBetween(450, 550);
    assertThat(over[2]).isBetween(700, 800);
  }
}
