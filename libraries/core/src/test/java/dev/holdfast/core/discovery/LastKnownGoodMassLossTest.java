package dev.holdfast.core.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.RegistrySnapshot;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A store that ends many leases at once, although their owners live. */
class LastKnownGoodMassLossTest extends LastKnownGoodFixture {
  private static final Duration STEP = Duration.ofMillis(10);
  private static final EndpointSet FORTY_FIVE = upTo(45);

  @Test
  void whatVanishesTogetherStaysUntilItHadTheTimeToRegisterAgain() {
    follow(FIVE);

    steady.onSnapshot(now, word(1, 1));
    steady.onRead(now, steady.pollRead(now).orElseThrow(), word(1, 1));

    assertThat(steady.state()).isEqualTo(EndpointListState.CONFIRMING);
    assertThat(steady.endpoints()).contains(FIVE);
    advance(RESETTLE.dividedBy(2));
    steady.onConfirmed(now);
    assertThat(steady.endpoints()).contains(FIVE);
    steady.onSnapshot(now, new RegistrySnapshot(FIVE, 1));
    assertThat(steady.state()).isEqualTo(EndpointListState.FOLLOWING);
    assertThat(steady.pollChange()).isEmpty();
  }

  @Test
  void whatVanishesOneByOneIsBroughtBackWhenItIsMoreThanHalf() {
    follow(FORTY_FIVE);
    for (int left = 44; left >= 1; left--) {
      advance(STEP);
      steady.onSnapshot(now, new RegistrySnapshot(upTo(left), 1));
    }

    assertThat(steady.state()).isEqualTo(EndpointListState.CONFIRMING);
    assertThat(steady.endpoints()).contains(FORTY_FIVE);

    for (int back = 2; back <= 45; back++) {
      advance(STEP);
      steady.onSnapshot(now, new RegistrySnapshot(upTo(back), 1));
      assertThat(steady.endpoints()).contains(FORTY_FIVE);
    }
    assertThat(steady.state()).isEqualTo(EndpointListState.FOLLOWING);
  }

  @Test
  void aFreshReadAtTheEndOfThatTimeProvesTheLoss() {
    follow(FIVE);
    steady.onSnapshot(now, word(1, 1));
    steady.onRead(now, steady.pollRead(now).orElseThrow(), word(1, 1));
    long begun = now;

    untilDeadline();

    assertThat(Duration.ofNanos(now - begun)).isEqualTo(RESETTLE);
    steady.onConfirmed(now);
    assertThat(steady.endpoints()).as("before the read").contains(FIVE);
    steady.onRead(now, steady.pollRead(now).orElseThrow(), word(1, 1));
    assertThat(steady.endpoints()).contains(list(1));
    assertThat(steady.state()).isEqualTo(EndpointListState.FOLLOWING);
    assertThat(steady.nextDeadlineNanos()).isEmpty();
  }

  @Test
  void aReadAtOnceShowsThatTheWatchWasWrong() {
    follow(FIVE);
    steady.onSnapshot(now, word(1, 1));

    steady.onRead(now, steady.pollRead(now).orElseThrow(), new RegistrySnapshot(FIVE, 1));

    assertThat(steady.state()).isEqualTo(EndpointListState.FOLLOWING);
    assertThat(steady.endpoints()).contains(FIVE);
  }

  @Test
  void aReadWithinTheGraceTimeOfAnEmptyListProvesNoLossAfterIt() {
    follow(FIVE);
    steady.onSnapshot(now, word(1, 1, 2, 3, 4));
    steady.onSnapshot(now, word(1, 1, 2, 3));
    steady.onSnapshot(now, word(1));
    steady.onRead(now, steady.pollRead(now).orElseThrow(), word(1));
    assertThat(steady.state()).isEqualTo(EndpointListState.EMPTYING);

    steady.onSnapshot(now, word(1, 1));

    assertThat(steady.endpoints()).as("four of five end within 3 s").contains(FIVE);
    assertThat(steady.state()).isEqualTo(EndpointListState.CONFIRMING);
  }

  @Test
  void lossesThatAreFarApartAreBelievedOneByOne() {
    follow(FIVE);
    for (int left = 4; left >= 1; left--) {
      advance(MassLossDetector.WINDOW);
      steady.onSnapshot(now, new RegistrySnapshot(upTo(left), 1));
      assertThat(steady.endpoints()).contains(left == 1 ? upTo(1) : upTo(left));
    }
  }

  @Test
  void whoMarkedItselfAsDrainingIsNoLoss() {
    follow(FIVE);
    EndpointSet leaving =
        EndpointSet.of(
            FIVE.endpoints().stream().map(e -> e.withDraining(!e.equals(endpoint(1)))).toList());
    follow(leaving);

    steady.onSnapshot(now, word(1, 1));

    assertThat(steady.endpoints()).contains(list(1));
    assertThat(steady.state()).isEqualTo(EndpointListState.FOLLOWING);
  }

  @Test
  void theLastOneToComeBackAfterAWipeProvesNothingOfTheOthers() {
    follow(FIVE);
    steady.onSnapshot(now, word(2, 1, 2, 3, 4));
    assertThat(steady.state()).isEqualTo(EndpointListState.WIPED);
    // Shorter than what ends a lease: as far as the list shows, nothing was lost.
    breakFor(STEP);

    steady.onSnapshot(now, word(2, 5));
    steady.onRead(now, steady.pollRead(now).orElseThrow(), word(2, 5));

    assertThat(steady.endpoints()).contains(FIVE);
    assertThat(steady.state()).isEqualTo(EndpointListState.CONFIRMING);
  }

  @Test
  void aListFromDiskIsNoMassLossWhenTheRegistryKnowsBetter() {
    steady = machine(true);
    steady.onSeed(now, FIVE, Duration.ofDays(1));
    steady.onFailure(now);
    assertThat(steady.endpoints()).contains(FIVE);

    steady.onSnapshot(now, word(1, 1, 6, 7));
    steady.onRead(now, steady.pollRead(now).orElseThrow(), word(1, 1, 6, 7));

    assertThat(steady.endpoints()).contains(list(1, 6, 7));
  }

  private static EndpointSet upTo(int last) {
    return list(IntStream.rangeClosed(1, last).toArray());
  }
}
