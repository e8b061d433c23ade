package dev.holdfast.core.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.RegistrySnapshot;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/**
 * What the failure policy believes and when; {@code LastKnownGoodTableTest} goes through it cell by
 * cell, simulations hold its guarantees under thousands of schedules.
 */
class LastKnownGoodEndpointsTest extends LastKnownGoodFixture {
  {
    steady = machineOfLastingRecords();
  }

  @Test
  void theFirstWordIsBelievedEvenWhenItIsEmpty() {
    steady.onSnapshot(now, word(1));

    assertThat(steady.pollChange()).contains(EndpointSet.EMPTY);
    assertThat(steady.pollRead(now)).isEmpty();
  }

  @Test
  void knowingNothingIsNotKnowingThatThereIsNobody() {
    steady.onFailure(now);

    assertThat(steady.endpoints()).isEmpty();
    assertThat(steady.pollChange()).isEmpty();
  }

  @Test
  void anUnchangedListIsNotGivenOutAgain() {
    follow(FIVE);

    steady.onSnapshot(now, new RegistrySnapshot(list(5, 4, 3, 2, 1), 1));

    assertThat(steady.pollChange()).isEmpty();
  }

  @Test
  void additionsAndMarksTakeEffectWhileTheRestIsInDoubt() {
    follow(FIVE);
    EndpointSet said = EndpointSet.of(endpoint(1).withDraining(true).withZone("z"), endpoint(9));

    steady.onSnapshot(now, new RegistrySnapshot(said, 1));

    assertThat(steady.state()).isEqualTo(EndpointListState.CONFIRMING);
    assertThat(steady.pollChange())
        .contains(
            EndpointSet.of(
                endpoint(1).withDraining(true).withZone("z"),
                endpoint(2),
                endpoint(3),
                endpoint(4),
                endpoint(5),
                endpoint(9)));
  }

  @Test
  void halfOfTheListMayLeaveWithoutARead() {
    follow(list(1, 2, 3, 4));

    steady.onSnapshot(now, word(1, 1, 2));

    assertThat(steady.pollChange()).contains(list(1, 2));
    assertThat(steady.pollRead(now)).isEmpty();
  }

  @Test
  void moreThanHalfLeavesOnceAFreshReadSaysSo() {
    follow(FIVE);
    steady.onSnapshot(now, word(1, 1));
    assertThat(steady.pollChange()).isEmpty();
    long read = steady.pollRead(now).orElseThrow();
    assertThat(steady.pollRead(now)).as("one read at a time").isEmpty();

    steady.onRead(now, read, word(1, 1));

    assertThat(steady.pollChange()).contains(list(1));
    assertThat(steady.nextDeadlineNanos()).isEmpty();
  }

  @Test
  void aReadThatShowsOtherwiseCountsMoreThanTheWatch() {
    follow(FIVE);
    steady.onSnapshot(now, word(1, 1));
    long read = steady.pollRead(now).orElseThrow();

    steady.onRead(now, read, word(1, 1, 2, 3, 4));

    assertThat(steady.pollChange()).contains(list(1, 2, 3, 4));
    assertThat(steady.state()).isEqualTo(EndpointListState.FOLLOWING);
  }

  @Test
  void onlyAFailedReadProlongsTheDoubt() {
    follow(FIVE);
    steady.onSnapshot(now, word(1, 1));
    for (int i = 0; i < 50; i++) {
      long read = steady.pollRead(now).orElseThrow();
      steady.onReadFailed(now, read);
      assertThat(steady.pollRead(now)).as("not at once").isEmpty();
      untilDeadline();
    }
    assertThat(steady.endpoints()).contains(FIVE);

    steady.onRead(now, steady.pollRead(now).orElseThrow(), word(1, 1));

    assertThat(steady.endpoints()).contains(list(1));
  }

  @Test
  void aSilentReadIsJoinedByAnotherAndItsLateAnswerStillCounts() {
    follow(FIVE);
    steady.onSnapshot(now, word(1, 1));
    long silent = steady.pollRead(now).orElseThrow();

    untilDeadline();
    assertThat(steady.pollRead(now)).isPresent();
    steady.onRead(now, silent, word(1, 1));

    assertThat(steady.endpoints()).contains(list(1));
  }

  @Test
  void anAnswerFromBeforeTheDoubtDoesNotCount() {
    follow(FIVE);
    steady.onSnapshot(now, word(1, 1));
    long old = steady.pollRead(now).orElseThrow();
    steady.onSnapshot(now, new RegistrySnapshot(FIVE, 1));
    steady.onSnapshot(now, word(1, 1));

    steady.onRead(now, old, word(1, 1));

    assertThat(steady.endpoints()).contains(FIVE);
  }

  @Test
  void anEndpointThatTheWatchShowedAfterTheReadBeganStays() {
    follow(FIVE);
    steady.onSnapshot(now, word(1, 1));
    long read = steady.pollRead(now).orElseThrow();
    steady.onSnapshot(now, word(1, 1, 9));

    steady.onRead(now, read, word(1, 1));

    assertThat(steady.endpoints()).contains(list(1, 9));
  }

  @Test
  void whoWasDrainingLeavesWithoutDoubtEvenAsTheLastOne() {
    follow(list(1, 2));
    steady.onSnapshot(
        now,
        new RegistrySnapshot(
            EndpointSet.of(endpoint(1).withDraining(true), endpoint(2).withDraining(true)), 1));
    assertThat(steady.pollChange()).isPresent();

    steady.onSnapshot(now, word(1));

    assertThat(steady.pollChange()).contains(EndpointSet.EMPTY);
    assertThat(steady.state()).isEqualTo(EndpointListState.FOLLOWING);
  }

  @Test
  void anEmptyListIsBelievedAfterTheGraceTimeAndAReadAtItsEnd() {
    follow(FIVE);
    steady.onSnapshot(now, word(1));
    long began = now;
    steady.onRead(now, steady.pollRead(now).orElseThrow(), word(1));
    assertThat(steady.endpoints()).contains(FIVE);

    untilDeadline();
    assertThat(Duration.ofNanos(now - began)).isEqualTo(GRACE);
    assertThat(steady.endpoints()).contains(FIVE);
    steady.onRead(now, steady.pollRead(now).orElseThrow(), word(1));

    assertThat(steady.pollChange()).contains(EndpointSet.EMPTY);
  }

  @Test
  void tenThousandEndpointsAreJudgedQuickly() {
    int[] many = new int[10_000];
    Arrays.setAll(many, i -> i);
    follow(list(many));

    steady.onSnapshot(now, word(1, 1));
    steady.onRead(now, steady.pollRead(now).orElseThrow(), word(1, 1));

    assertThat(steady.endpoints()).contains(list(1));
  }

  @Test
  void optionsOfNoLengthAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LastKnownGoodOptions.forTtl(Duration.ZERO))
        .withMessage("recordTtl: PT0S (expected: > 0)");
  }
}
