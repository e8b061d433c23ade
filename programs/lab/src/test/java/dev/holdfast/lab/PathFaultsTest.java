package dev.holdfast.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.core.PathProfile;
import dev.holdfast.lab.PathFaults.CountedTraffic;
import dev.holdfast.lab.PathFaults.IdleAction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PathFaultsTest {
  private static final long MILLI = 1_000_000;

  @Test
  void nonsenseIsRefusedWithWhatWasExpected() {
    PathFaults.Builder faults = PathFaults.builder();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> faults.speed(0).build())
        .withMessage("speed: 0.0 (expected: 1 to 1000000)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> faults.idle(Duration.ZERO, IdleAction.DROP))
        .withMessageStartingWith("idle.timeout: PT0S (expected: PT0.001S to");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> faults.idle(Duration.ofSeconds(1), IdleAction.GOAWAY, CountedTraffic.BYTES))
        .withMessageStartingWith("idle.action: GOAWAY (expected:");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> faults.bytesPerSecond(-1))
        .withMessage("link.bytesPerSecond: -1 (expected: >= 0)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> faults.stall(Duration.ZERO, Duration.ofSeconds(2), Duration.ofSeconds(1)))
        .withMessageStartingWith("stall.every: PT1S (expected: 0, or longer");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> faults.cut(RelayDirection.TO_SERVER, -1))
        .withMessage("cut.atByte: -1 (expected: >= 0)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> faults.goAway(Duration.ZERO, 99, ""))
        .withMessage("goAway.errorCode: 99 (expected: 0..13)");
  }

  @Test
  void aBuilderBeginsWithWhatItWasGiven() {
    PathFaults faults =
        PathFaults.builder()
            .idle(Duration.ofMinutes(15), IdleAction.DROP)
            .answersPings(true)
            .seed(7)
            .build();
    assertThat(faults.toBuilder().build()).isEqualTo(faults);
    assertThat(faults.atSpeed(10).speed()).isEqualTo(10);
    assertThat(faults.atSpeed(10).idle()).isEqualTo(faults.idle());
  }

  @ParameterizedTest
  @EnumSource(PathProfile.class)
  void everyProfileHasItsFaults(PathProfile profile) {
    PathFaults faults = PathFaults.of(profile);
    boolean requests = profile.layer() == PathProfile.Layer.REQUESTS;
    assertThat(faults.answersPings()).isEqualTo(requests);
    List<Duration> timeouts = new ArrayList<>();
    faults.idle().ifPresent(idleTimeout -> timeouts.add(idleTimeout.timeout()));
    faults.stream().ifPresent(streamTimeout -> timeouts.add(streamTimeout.timeout()));
    assertThat(timeouts.stream().min(Duration::compareTo)).isEqualTo(profile.idleTimeout());
  }

  @Test
  void aStallHoldsEverythingUntilItsEndAndComesAgain() {
    LinkDelayModel link =
        clock(PathFaults.builder().stall(millis(1_000), millis(200), millis(1_000)).build());
    assertThat(link.dueNanos(999 * MILLI, 1)).isEqualTo(999 * MILLI);
    assertThat(link.dueNanos(1_050 * MILLI, 1)).isEqualTo(1_200 * MILLI);
    assertThat(link.dueNanos(1_500 * MILLI, 1)).isEqualTo(1_500 * MILLI);
    assertThat(link.dueNanos(2_000 * MILLI, 1)).isEqualTo(2_200 * MILLI);
  }

  @Test
  void aSingleStallDoesNotComeAgain() {
    LinkDelayModel link =
        clock(PathFaults.builder().stall(millis(1_000), millis(200), Duration.ZERO).build());
    assertThat(link.dueNanos(1_000 * MILLI, 1)).isEqualTo(1_200 * MILLI);
    assertThat(link.dueNanos(9_050 * MILLI, 1)).isEqualTo(9_050 * MILLI);
  }

  @Test
  void bandwidthIsSharedByWhatComesAtOnce() {
    LinkDelayModel link = clock(PathFaults.builder().bytesPerSecond(1_000).build());
    assertThat(link.dueNanos(0, 100)).isEqualTo(100 * MILLI);
    assertThat(link.dueNanos(0, 100)).isEqualTo(200 * MILLI);
    assertThat(link.dueNanos(900 * MILLI, 100)).isEqualTo(1_000 * MILLI);
  }

  @Test
  void jitterNeverReordersAndTheSameSeedDrawsTheSame() {
    PathFaults faults = PathFaults.builder().latency(millis(10), millis(50)).build();
    assertThat(dueTimes(faults, 5)).isEqualTo(dueTimes(faults, 5)).isSorted();
    assertThat(dueTimes(faults, 5)).isNotEqualTo(dueTimes(faults, 6));
    assertThat(dueTimes(faults, 5).get(0)).isBetween(10 * MILLI, 60 * MILLI);
  }

  private static List<Long> dueTimes(PathFaults faults, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    LinkDelayModel link = new LinkDelayModel(faults, 0, random::nextDouble);
    List<Long> due = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      due.add(link.dueNanos(i * MILLI, 1));
    }
    return due;
  }

  private static LinkDelayModel clock(PathFaults faults) {
    return new LinkDelayModel(faults, 0, () -> 0);
  }

  private static Duration millis(long value) {
    return Duration.ofMillis(value);
  }
}
