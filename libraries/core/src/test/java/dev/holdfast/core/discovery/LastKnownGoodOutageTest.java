package dev.holdfast.core.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.RegistrySnapshot;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A registry that is away for a while, or comes back with nothing in its hands. */
class LastKnownGoodOutageTest extends LastKnownGoodFixture {
  @Test
  void anOutageWithinTheGraceTimeBeginsItAnew() {
    follow(FIVE);
    steady.onSnapshot(now, word(1));
    steady.onRead(now, steady.pollRead(now).orElseThrow(), word(1));
    steady.onFailure(now);
    assertThat(steady.nextDeadlineNanos()).as("nothing is proven in an outage").isEmpty();

    advance(Duration.ofHours(3));
    steady.onSnapshot(now, word(1));
    long again = now;
    steady.onRead(now, steady.pollRead(now).orElseThrow(), word(1));
    untilDeadline();

    assertThat(Duration.ofNanos(now - again)).isEqualTo(GRACE);
    assertThat(steady.endpoints()).contains(FIVE);
  }

  @Test
  void hoursWithoutARegistryChangeNothingButTheAge() {
    follow(FIVE);
    steady.onFailure(now);
    long failed = now;

    for (int i = 0; i < 100; i++) {
      advance(Duration.ofMinutes(5));
      steady.onFailure(now);
      steady.onTimeout(now);
    }

    assertThat(steady.endpoints()).contains(FIVE);
    assertThat(steady.pollChange()).isEmpty();
    assertThat(steady.goodAtNanos()).isEqualTo(failed);
  }

  @Test
  void aStoreThatStaysEmptyAfterAWipeIsBelievedInTheEnd() {
    follow(FIVE);
    steady.onSnapshot(now, word(2));
    long wiped = now;
    while (steady.endpoints().orElseThrow().equals(FIVE)) {
      untilDeadline();
      steady.pollRead(now).ifPresent(read -> steady.onRead(now, read, word(2)));
      assertThat(Duration.ofNanos(now - wiped)).isLessThan(GRACE.multipliedBy(40));
    }
    assertThat(steady.endpoints()).contains(EndpointSet.EMPTY);
    assertThat(Duration.ofNanos(now - wiped)).isGreaterThanOrEqualTo(GRACE.multipliedBy(30));
  }

  @Test
  void whatAWipedStoreForgotKeepsItsGraceTimeHoweverLongItWasEmpty() {
    follow(FIVE);
    steady.onSnapshot(now, word(2));
    advance(GRACE.multipliedBy(29));
    steady.onTimeout(now);
    steady.onSnapshot(now, word(2, 1));
    advance(GRACE.minusNanos(1));
    steady.onTimeout(now);
    assertThat(steady.endpoints()).contains(FIVE);
  }

  @Test
  void aWipedStoreIsFilledAgainOneByOne() {
    follow(FIVE);
    steady.onSnapshot(now, word(2));
    assertThat(steady.pollChange()).isEmpty();

    Endpoint again = endpoint(1).withInstance("new");
    steady.onSnapshot(now, new RegistrySnapshot(EndpointSet.of(again), 2));

    assertThat(steady.pollChange())
        .contains(EndpointSet.of(again, endpoint(2), endpoint(3), endpoint(4), endpoint(5)));
  }

  @Test
  void whatDoesNotRegisterAgainLeavesAfterTheGraceTimeAndARead() {
    follow(FIVE);
    steady.onSnapshot(now, word(2));
    advance(GRACE.multipliedBy(29));
    steady.onTimeout(now);
    assertThat(steady.endpoints()).as("an empty store proves nothing yet").contains(FIVE);

    steady.onSnapshot(now, word(2, 1));
    long notEmpty = now;
    untilDeadline();
    assertThat(Duration.ofNanos(now - notEmpty)).isEqualTo(GRACE);
    steady.onRead(now, steady.pollRead(now).orElseThrow(), word(2, 1));

    assertThat(steady.endpoints()).contains(list(1));
    assertThat(steady.state()).isEqualTo(EndpointListState.FOLLOWING);
  }

  @Test
  void timePassingDoesNotMakeAListYoung() {
    follow(FIVE);
    steady.onSnapshot(now, word(2, 1, 2, 3));
    long said = now;
    untilDeadline();

    assertThat(steady.endpoints()).contains(list(1, 2, 3));
    assertThat(steady.goodAtNanos()).isEqualTo(said);
  }

  @Test
  void afterAnOutageOfATtlTheMissingAreKeptUntilTheyHadTheTimeToRegisterAgain() {
    follow(FIVE);
    breakFor(TTL);
    steady.onSnapshot(now, word(1));
    steady.onRead(now, steady.pollRead(now).orElseThrow(), word(1));
    long back = now;
    steady.onSnapshot(now, word(1, 1));
    assertThat(steady.pollChange()).isEmpty();
    assertThat(steady.pollRead(now)).as("a read now would prove nothing").isEmpty();

    advance(Duration.ofSeconds(1));
    steady.onSnapshot(now, word(1, 1, 2, 3, 9));
    assertThat(steady.pollChange()).contains(list(1, 2, 3, 4, 5, 9));

    untilDeadline();
    assertThat(Duration.ofNanos(now - back)).isEqualTo(RESETTLE);
    steady.onRead(now, steady.pollRead(now).orElseThrow(), word(1, 1, 2, 3, 9));
    assertThat(steady.pollChange()).contains(list(1, 2, 3, 9));
    assertThat(steady.state()).isEqualTo(EndpointListState.FOLLOWING);
  }

  @Test
  void anOutageInWhichSomeLeasesRanOutIsOneToo() {
    follow(FIVE);
    // They were renewed a third of a TTL before it began.
    breakFor(TTL.minus(TTL.dividedBy(3)));
    steady.onSnapshot(now, word(1, 1, 2, 3));

    assertThat(steady.endpoints()).as("two of five live and are not there").contains(FIVE);
    assertThat(steady.pollRead(now)).as("a read now would prove nothing").isEmpty();
    advance(Duration.ofSeconds(1));
    steady.onSnapshot(now, new RegistrySnapshot(FIVE, 1));
    assertThat(steady.state()).isEqualTo(EndpointListState.FOLLOWING);
  }

  @Test
  void aReadThatIsAnsweredBeforeTheWatchIsBackEndsTheSilenceToo() {
    follow(FIVE);
    steady.onSnapshot(now, word(1, 1));
    long old = steady.pollRead(now).orElseThrow();
    steady.onReadFailed(now, old);
    breakFor(RESETTLE);
    steady.onTimeout(now);

    steady.onRead(now, steady.pollRead(now).orElseThrow(), word(1, 1));
    advance(Duration.ofMillis(10));
    steady.onSnapshot(now, word(1, 1));

    assertThat(steady.endpoints()).contains(FIVE);
    assertThat(steady.pollRead(now)).as("a read now would prove nothing").isEmpty();
  }

  @Test
  void aDoubtFromBeforeSuchAnOutageWaitsAsWell() {
    follow(FIVE);
    steady.onSnapshot(now, word(1, 1));
    long old = steady.pollRead(now).orElseThrow();
    breakFor(TTL);
    steady.onSnapshot(now, word(1, 1));

    steady.onRead(now, old, word(1, 1));

    assertThat(steady.endpoints()).contains(FIVE);
    assertThat(steady.pollRead(now)).isEmpty();
    untilDeadline();
    assertThat(steady.pollRead(now)).isPresent();
  }

  @Test
  void whoLeavesProperlyAfterSuchAnOutageLeavesAtOnce() {
    follow(list(1, 2));
    breakFor(TTL);
    steady.onSnapshot(
        now, new RegistrySnapshot(EndpointSet.of(endpoint(1), endpoint(2).withDraining(true)), 1));

    steady.onSnapshot(now, word(1, 1));

    assertThat(steady.endpoints()).contains(list(1));
    assertThat(steady.state()).isEqualTo(EndpointListState.FOLLOWING);
  }

  @Test
  void aShorterOutageOrNoneOfTheRegistrysKeepsNobodyWaiting() {
    follow(FIVE);
    breakFor(TTL.multipliedBy(2).dividedBy(3));
    steady.onSnapshot(now, word(1, 1));
    assertThat(steady.pollRead(now)).isPresent();

    steady = machine(false);
    follow(FIVE);
    steady.onParked(now);
    advance(Duration.ofHours(3));
    steady.onSnapshot(now, word(1, 1));
    assertThat(steady.pollRead(now)).isPresent();
  }

  @Test
  void recordsThatNobodyRenewsAreNotWaitedFor() {
    steady =
        new LastKnownGoodEndpoints(
            LastKnownGoodOptions.forTtl(TTL).withoutReRegistrationWindow(),
            new Backoff(Backoff.BackoffOptions.REGISTRY, new SplittableRandom(1)),
            false);
    follow(FIVE);
    breakFor(Duration.ofHours(3));

    steady.onSnapshot(now, word(1, 1));

    assertThat(steady.pollRead(now)).isPresent();
  }
}
