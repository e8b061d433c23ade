package dev.holdfast.registry.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RefreshPolicyTest {
  private final RefreshPolicy policy =
      new RefreshPolicy(
          Duration.ofSeconds(1), Duration.ofSeconds(30), RandomGenerator.of("L64X128MixRandom"));

  @Test
  void aTtlIsWaitedForAndUpToATenthLonger() {
    assertThat(pauses(10))
        .allSatisfy(p -> assertThat(p).isBetween(Duration.ofSeconds(10), Duration.ofSeconds(11)))
        .anySatisfy(p -> assertThat(p).isGreaterThan(Duration.ofMillis(10_500)));
  }

  @Test
  void longerThanTheUpperBoundNobodyWaits() {
    assertThat(pauses(86_400))
        .allSatisfy(p -> assertThat(p).isBetween(Duration.ofSeconds(27), Duration.ofSeconds(30)));
    assertThat(pauses(29)).allSatisfy(p -> assertThat(p).isLessThan(Duration.ofMillis(30_001)));
  }

  @Test
  void shorterThanTheLowerBoundNobodyAsks() {
    assertThat(pauses(0))
        .allSatisfy(p -> assertThat(p).isBetween(Duration.ofSeconds(1), Duration.ofMillis(1_100)));
  }

  private Stream<Duration> pauses(long ttlSeconds) {
    return Stream.generate(() -> policy.next(Duration.ofSeconds(ttlSeconds))).limit(1_000);
  }
}
