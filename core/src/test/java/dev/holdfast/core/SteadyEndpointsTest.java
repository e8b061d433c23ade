package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.core.SteadyEndpoints.State;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The failure policy cell by cell; simulations hold its guarantees under thousands of schedules.
 */
class SteadyEndpointsTest {
  /** What a machine in a state makes of an input; the names are those of the table in its doc. */
  private static final String TABLE =
      """
      UNKNOWN,    OK,            FOLLOWING
      UNKNOWN,    SHRUNK,        FOLLOWING
      UNKNOWN,    EMPTY,         FOLLOWING
      UNKNOWN,    NEW_EPOCH,     FOLLOWING
      UNKNOWN,    CONFIRMED,     UNKNOWN
      UNKNOWN,    FAILURE,       UNKNOWN
      UNKNOWN,    READ_FAILED,   UNKNOWN
      UNKNOWN,    TIMEOUT,       UNKNOWN
      FOLLOWING,  OK,            FOLLOWING
      FOLLOWING,  SHRUNK,        CONFIRMING
      FOLLOWING,  EMPTY,         EMPTYING
      FOLLOWING,  NEW_EPOCH,     WIPED
      FOLLOWING,  CONFIRMED,     FOLLOWING
      FOLLOWING,  FAILURE,       STALE
      FOLLOWING,  READ_FAILED,   FOLLOWING
      FOLLOWING,  TIMEOUT,       FOLLOWING
      STALE,      OK,            FOLLOWING
      STALE,      SHRUNK,        CONFIRMING
      STALE,      EMPTY,         EMPTYING
      STALE,      NEW_EPOCH,     WIPED
      STALE,      CONFIRMED,     FOLLOWING
      STALE,      FAILURE,       STALE
      STALE,      READ_FAILED,   STALE
      STALE,      TIMEOUT,       STALE
      CONFIRMING, OK,            FOLLOWING
      CONFIRMING, SHRUNK,        CONFIRMING
      CONFIRMING, EMPTY,         EMPTYING
      CONFIRMING, NEW_EPOCH,     WIPED
      CONFIRMING, CONFIRMED,     CONFIRMING
      CONFIRMING, FAILURE,       CONFIRMING
      CONFIRMING, READ_SAME,     FOLLOWING
      CONFIRMING, READ_OTHER,    FOLLOWING
      CONFIRMING, READ_EMPTY,    EMPTYING
      CONFIRMING, READ_FAILED,   CONFIRMING
      CONFIRMING, TIMEOUT,       CONFIRMING
      EMPTYING,   OK,            FOLLOWING
      EMPTYING,   SHRUNK,        CONFIRMING
      EMPTYING,   EMPTY,         EMPTYING
      EMPTYING,   NEW_EPOCH,     WIPED
      EMPTYING,   CONFIRMED,     EMPTYING
      EMPTYING,   FAILURE,       EMPTYING
      EMPTYING,   READ_SAME,     EMPTYING
      EMPTYING,   READ_OTHER,    FOLLOWING
      EMPTYING,   READ_FAILED,   EMPTYING
      EMPTYING,   TIMEOUT,       EMPTYING
      WIPED,      OK,            FOLLOWING
      WIPED,      SHRUNK,        WIPED
      WIPED,      EMPTY,         WIPED
      WIPED,      NEW_EPOCH,     WIPED
      WIPED,      CONFIRMED,     WIPED
      WIPED,      FAILURE,       WIPED
      WIPED,      READ_FAILED,   WIPED
      WIPED,      TIMEOUT,       WIPED
      """;

  private static final Duration TTL = Duration.ofSeconds(5);
  private static final Duration GRACE = Duration.ofSeconds(15);
  private static final Duration RESETTLE = TTL.plus(Backoff.Options.REGISTRY.cap());
  private static final EndpointSet FIVE = list(1, 2, 3, 4, 5);

  // Just before the overflow, so that deadlines compared with < fail.
  private long now = Long.MAX_VALUE - Duration.ofSeconds(1).toNanos();
  private SteadyEndpoints steady = machine(false);

  @ParameterizedTest
  @CsvSource(textBlock = TABLE)
  void movesAsItsTableSays(State from, String input, State to) {
    bring(from);
    assertThat(steady.state()).isEqualTo(from);

    input(input);

    assertThat(steady.state()).isEqualTo(to);
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

    assertThat(steady.state()).isEqualTo(State.CONFIRMING);
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
    assertThat(steady.state()).isEqualTo(State.FOLLOWING);
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
    assertThat(steady.state()).isEqualTo(State.FOLLOWING);
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
    advance(Duration.ofHours(1));
    steady.onTimeout(now);
    assertThat(steady.endpoints()).as("an empty store proves nothing").contains(FIVE);

    steady.onSnapshot(now, word(2, 1));
    long notEmpty = now;
    untilDeadline();
    assertThat(Duration.ofNanos(now - notEmpty)).isEqualTo(GRACE);
    steady.onRead(now, steady.pollRead(now).orElseThrow(), word(2, 1));

    assertThat(steady.endpoints()).contains(list(1));
    assertThat(steady.state()).isEqualTo(State.FOLLOWING);
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
    assertThat(steady.state()).isEqualTo(State.FOLLOWING);
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
    assertThat(steady.state()).isEqualTo(State.FOLLOWING);
  }

  @Test
  void aShorterOutageOrNoneOfTheRegistrysKeepsNobodyWaiting() {
    follow(FIVE);
    breakFor(TTL.minusNanos(1));
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
        new SteadyEndpoints(
            SteadyOptions.forTtl(TTL).withoutResettling(),
            new Backoff(Backoff.Options.REGISTRY, new SplittableRandom(1)),
            false);
    follow(FIVE);
    breakFor(Duration.ofHours(3));

    steady.onSnapshot(now, word(1, 1));

    assertThat(steady.pollRead(now)).isPresent();
  }

  @Test
  void aListFromDiskIsUsedWhenTheRegistryFails() {
    steady = machine(true);
    steady.onFailure(now);
    steady.onSeed(now, FIVE, Duration.ofMinutes(7));

    assertThat(steady.pollChange()).contains(FIVE);
    assertThat(steady.state()).isEqualTo(State.STALE);
    assertThat(Duration.ofNanos(now - steady.goodAtNanos())).isEqualTo(Duration.ofMinutes(7));
  }

  @Test
  void aListFromDiskIsUsedWhenTheRegistryIsSilent() {
    steady = machine(true);
    steady.onSeed(now, FIVE, Duration.ZERO);
    assertThat(steady.pollChange()).isEmpty();

    untilDeadline();

    assertThat(steady.pollChange()).contains(FIVE);
  }

  @Test
  void aListFromDiskIsForgottenWhenTheRegistrySpeaks() {
    steady = machine(true);
    steady.onSeed(now, FIVE, Duration.ZERO);
    steady.onSnapshot(now, word(1, 9));

    assertThat(steady.pollChange()).contains(list(9));
    assertThat(steady.nextDeadlineNanos()).isEmpty();
  }

  @Test
  void anEmptyFirstWordIsDoubtedWhenThereIsAListFromDisk() {
    steady = machine(true);
    steady.onSnapshot(now, word(1));
    assertThat(steady.pollChange()).as("the disk has not answered").isEmpty();

    steady.onSeed(now, FIVE, Duration.ZERO);

    assertThat(steady.pollChange()).contains(FIVE);
    assertThat(steady.state()).isEqualTo(State.EMPTYING);
  }

  @Test
  void aDiskThatNeverAnswersDelaysAnEmptyFirstWordForAMomentOnly() {
    steady = machine(true);
    steady.onSnapshot(now, word(1));
    long said = now;

    untilDeadline();

    assertThat(Duration.ofNanos(now - said)).isEqualTo(Duration.ofMillis(500));
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
        .isThrownBy(() -> SteadyOptions.forTtl(Duration.ZERO))
        .withMessage("recordTtl: PT0S (expected: > 0)");
  }

  private void bring(State state) {
    switch (state) {
      case UNKNOWN -> {}
      case FOLLOWING -> follow(FIVE);
      case STALE -> {
        follow(FIVE);
        steady.onFailure(now);
      }
      case CONFIRMING -> {
        follow(FIVE);
        steady.onSnapshot(now, word(1, 1));
      }
      case EMPTYING -> {
        follow(FIVE);
        steady.onSnapshot(now, word(1));
      }
      case WIPED -> {
        follow(FIVE);
        steady.onSnapshot(now, word(2));
      }
    }
  }

  private void input(String input) {
    long epoch = steady.state() == State.WIPED ? 2 : 1;
    switch (input) {
      case "OK" -> steady.onSnapshot(now, new RegistrySnapshot(FIVE, epoch));
      case "SHRUNK" -> steady.onSnapshot(now, word(epoch, 1));
      case "EMPTY" -> steady.onSnapshot(now, word(epoch));
      case "NEW_EPOCH" -> steady.onSnapshot(now, word(7, 1));
      case "CONFIRMED" -> steady.onConfirmed(now);
      case "FAILURE" -> steady.onFailure(now);
      case "READ_SAME" -> steady.onRead(now, read(), steadyWord(epoch));
      case "READ_OTHER" -> steady.onRead(now, read(), new RegistrySnapshot(FIVE, epoch));
      case "READ_EMPTY" -> steady.onRead(now, read(), word(epoch));
      case "READ_FAILED" -> steady.onReadFailed(now, read());
      case "TIMEOUT" -> {
        steady.onTimeout(now);
        advance(Duration.ofDays(1));
        steady.onTimeout(now);
      }
      default -> throw new IllegalArgumentException(input);
    }
  }

  private RegistrySnapshot steadyWord(long epoch) {
    return new RegistrySnapshot(steady.heard().orElseThrow(), epoch);
  }

  private long read() {
    OptionalLong read = steady.pollRead(now);
    return read.orElse(1);
  }

  private void follow(EndpointSet list) {
    steady.onSnapshot(now, new RegistrySnapshot(list, 1));
    assertThat(steady.pollChange()).isEqualTo(Optional.of(list));
  }

  private void untilDeadline() {
    now = steady.nextDeadlineNanos().orElseThrow();
    steady.onTimeout(now);
  }

  private void breakFor(Duration time) {
    steady.onFailure(now);
    advance(time);
  }

  private void advance(Duration by) {
    now += by.toNanos();
  }

  private static SteadyEndpoints machine(boolean seedExpected) {
    return new SteadyEndpoints(
        SteadyOptions.forTtl(TTL),
        new Backoff(Backoff.Options.REGISTRY, new SplittableRandom(1)),
        seedExpected);
  }

  private static RegistrySnapshot word(long epoch, int... hosts) {
    return new RegistrySnapshot(list(hosts), epoch);
  }

  private static EndpointSet list(int... hosts) {
    return EndpointSet.of(Arrays.stream(hosts).mapToObj(SteadyEndpointsTest::endpoint).toList());
  }

  private static Endpoint endpoint(int host) {
    return Endpoint.of("10.0." + host / 250 + "." + (1 + host % 250) + ":50051");
  }
}
