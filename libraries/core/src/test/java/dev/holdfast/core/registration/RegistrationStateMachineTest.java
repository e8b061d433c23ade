package dev.holdfast.core.registration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.registration.RegistrationStateMachine.RegistrationCommand;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The registration cell by cell; simulations hold its guarantees under thousands of schedules. */
class RegistrationStateMachineTest {
  /** What a machine in a state makes of an input; the names are those of the table in its doc. */
  private static final String TABLE =
      """
      ANNOUNCING,  PUBLISHED,       VISIBLE
      ANNOUNCING,  ENDED,           WAITING
      ANNOUNCING,  TAKEN_OVER,      CONFLICT
      ANNOUNCING,  UNSUPPORTED,     FAILED
      ANNOUNCING,  UPDATE,          ANNOUNCING
      ANNOUNCING,  WITHDRAW,        WITHDRAWING
      ANNOUNCING,  TIMEOUT,         WAITING
      ANNOUNCING,  WITHDRAWN,       ANNOUNCING
      ANNOUNCING,  WITHDRAW_FAILED, ANNOUNCING
      ANNOUNCING,  CHECKED_VACANT,  ANNOUNCING
      VISIBLE,     PUBLISHED,       VISIBLE
      VISIBLE,     ENDED,           WAITING
      VISIBLE,     TAKEN_OVER,      CONFLICT
      VISIBLE,     UNSUPPORTED,     FAILED
      VISIBLE,     UPDATE,          VISIBLE
      VISIBLE,     WITHDRAW,        WITHDRAWING
      VISIBLE,     TIMEOUT,         VISIBLE
      VISIBLE,     WITHDRAWN,       VISIBLE
      VISIBLE,     WITHDRAW_FAILED, VISIBLE
      VISIBLE,     CHECKED_VACANT,  VISIBLE
      WAITING,     PUBLISHED,       WAITING
      WAITING,     ENDED,           WAITING
      WAITING,     TAKEN_OVER,      WAITING
      WAITING,     UNSUPPORTED,     WAITING
      WAITING,     UPDATE,          WAITING
      WAITING,     WITHDRAW,        WITHDRAWING
      WAITING,     TIMEOUT,         ANNOUNCING
      WAITING,     WITHDRAWN,       WAITING
      WAITING,     WITHDRAW_FAILED, WAITING
      WAITING,     CHECKED_VACANT,  WAITING
      CONFLICT,    PUBLISHED,       CONFLICT
      CONFLICT,    ENDED,           CONFLICT
      CONFLICT,    TAKEN_OVER,      CONFLICT
      CONFLICT,    UNSUPPORTED,     CONFLICT
      CONFLICT,    UPDATE,          CONFLICT
      CONFLICT,    WITHDRAW,        ABSENT
      CONFLICT,    TIMEOUT,         CONFLICT
      CONFLICT,    WITHDRAWN,       CONFLICT
      CONFLICT,    WITHDRAW_FAILED, CONFLICT
      CONFLICT,    CHECKED_VACANT,  ANNOUNCING
      CONFLICT,    CHECKED_TAKEN,   CONFLICT
      CONFLICT,    CHECK_FAILED,     CONFLICT
      CONFLICT,    CHECK_CLOSED,     FAILED
      WITHDRAWING, PUBLISHED,       WITHDRAWING
      WITHDRAWING, ENDED,           WITHDRAWING
      WITHDRAWING, TAKEN_OVER,      WITHDRAWING
      WITHDRAWING, UNSUPPORTED,     WITHDRAWING
      WITHDRAWING, UPDATE,          WITHDRAWING
      WITHDRAWING, WITHDRAW,        WITHDRAWING
      WITHDRAWING, TIMEOUT,         ABSENT
      WITHDRAWING, WITHDRAWN,       ABSENT
      WITHDRAWING, WITHDRAW_FAILED, WITHDRAWING
      WITHDRAWING, WITHDRAW_CLOSED, ABSENT
      WITHDRAWING, CHECKED_VACANT,  WITHDRAWING
      ABSENT,      PUBLISHED,       ABSENT
      ABSENT,      ENDED,           ABSENT
      ABSENT,      TAKEN_OVER,      ABSENT
      ABSENT,      UPDATE,          ABSENT
      ABSENT,      WITHDRAW,        ABSENT
      ABSENT,      TIMEOUT,         ABSENT
      ABSENT,      WITHDRAWN,       ABSENT
      ABSENT,      CHECKED_VACANT,  ABSENT
      FAILED,      PUBLISHED,       FAILED
      FAILED,      ENDED,           FAILED
      FAILED,      TAKEN_OVER,      FAILED
      FAILED,      UPDATE,          FAILED
      FAILED,      WITHDRAW,        ABSENT
      FAILED,      TIMEOUT,         FAILED
      FAILED,      WITHDRAWN,       FAILED
      FAILED,      CHECKED_VACANT,  FAILED
      """;

  private static final Endpoint OURS = Endpoint.of("10.0.0.1:50051").withInstance("ours");
  private static final RegistrationStateMachine.RegistrationOptions OPTIONS =
      RegistrationStateMachine.RegistrationOptions.forTimes(
          Duration.ofSeconds(5), Duration.ofSeconds(1));

  private final RegistrationStateMachine machine =
      new RegistrationStateMachine(OPTIONS, new Backoff(OPTIONS.retry(), new SplittableRandom(1)));
  // Just before the overflow, so that deadlines compared with < fail.
  private long now = Long.MAX_VALUE - Duration.ofSeconds(1).toNanos();

  @ParameterizedTest
  @CsvSource(textBlock = TABLE)
  void movesAsItsTableSays(RegistrationState from, String input, RegistrationState to) {
    bring(from);
    assertThat(machine.state()).isEqualTo(from);

    input(input);

    assertThat(machine.state()).isEqualTo(to);
  }

  @ParameterizedTest
  @EnumSource(RegistryErrorKind.class)
  void everyRetryableEndIsFollowedByAnotherAttempt(RegistryErrorKind registryErrorKind) {
    visible();
    machine.onEnded(now, 1, new RegistryException(registryErrorKind, "lost"));

    if (registryErrorKind == RegistryErrorKind.TAKEN_OVER) {
      assertThat(machine.state()).isEqualTo(RegistrationState.CONFLICT);
    } else if (registryErrorKind.isRetryable()) {
      untilDeadline();
      assertThat(registrationCommands()).containsExactly(new RegistrationCommand.Announce(2, OURS));
    } else {
      assertThat(machine.state()).isEqualTo(RegistrationState.FAILED);
      assertThat(machine.nextDeadlineNanos()).isEmpty();
    }
  }

  @Test
  void anUpdateIsPassedOnAndRepeatedUntilItIsConfirmed() {
    visible();
    Endpoint heavier = OURS.withWeight(7);
    machine.onUpdate(now, heavier);
    assertThat(registrationCommands()).containsExactly(new RegistrationCommand.Update(1, heavier));

    untilDeadline();
    assertThat(registrationCommands()).containsExactly(new RegistrationCommand.Update(1, heavier));
    machine.onPublished(now, 1);

    assertThat(machine.nextDeadlineNanos()).isEmpty();
  }

  @Test
  void anUpdateInAnOutageIsWhatTheNextAttemptSays() {
    visible();
    machine.onEnded(now, 1, lost());
    machine.onUpdate(now, OURS.withWeight(7));

    untilDeadline();

    assertThat(registrationCommands())
        .containsExactly(new RegistrationCommand.Announce(2, OURS.withWeight(7)));
  }

  @Test
  void anOutageOfHoursIsAskedAboutEveryFewSeconds() {
    machine.onStart(now, OURS);
    long began = now;
    int attempts = 0;
    while (now - began < Duration.ofHours(3).toNanos()) {
      assertThat(registrationCommands()).hasSize(1);
      attempts++;
      machine.onEnded(now, attempts, lost());
      untilDeadline();
    }

    // Full jitter up to 10 s is 5 s on average.
    assertThat(attempts).isBetween(1_800, 2_600);
  }

  @Test
  void onlyARecordThatStayedVisibleResetsTheBackoff() {
    machine.onStart(now, OURS);
    long began = now;
    int attempts = 0;
    while (now - began < Duration.ofMinutes(10).toNanos()) {
      registrationCommands();
      attempts++;
      machine.onPublished(now, attempts);
      machine.onEnded(now, attempts, lost());
      untilDeadline();
    }

    assertThat(attempts).isLessThan(200);
  }

  @Test
  void aRecordThatWasVisibleForLongComesBackAtOnce() {
    machine.onStart(now, OURS);
    for (int attempt = 1; attempt <= 20; attempt++) {
      machine.onEnded(now, attempt, lost());
      untilDeadline();
    }
    machine.onPublished(now, 21);
    now += Duration.ofSeconds(5).toNanos();
    machine.onEnded(now, 21, lost());

    assertThat(machine.nextDeadlineNanos().orElseThrow() - now)
        .isLessThanOrEqualTo(OPTIONS.retry().base().toNanos());
  }

  @Test
  void aRecordThatWasTakenOverIsNotFoughtForButWonBack() {
    visible();
    machine.onEnded(now, 1, new RegistryException(RegistryErrorKind.TAKEN_OVER, "by another"));
    assertThat(registrationCommands()).isEmpty();
    long began = now;

    untilDeadline();
    assertThat(Duration.ofNanos(now - began)).isEqualTo(Duration.ofSeconds(15));
    assertThat(registrationCommands()).containsExactly(new RegistrationCommand.CheckConflict(1));
    machine.onConflictChecked(now, 1, EndpointSet.of(OURS.withInstance("theirs")));
    assertThat(registrationCommands()).isEmpty();

    untilDeadline();
    assertThat(registrationCommands()).containsExactly(new RegistrationCommand.CheckConflict(2));
    machine.onConflictChecked(now, 2, EndpointSet.EMPTY);
    assertThat(registrationCommands()).containsExactly(new RegistrationCommand.Announce(2, OURS));
  }

  @Test
  void aLookThatIsNeverAnsweredIsRepeated() {
    visible();
    machine.onEnded(now, 1, new RegistryException(RegistryErrorKind.TAKEN_OVER, "by another"));
    for (int look = 1; look < 5; look++) {
      untilDeadline();
      assertThat(registrationCommands())
          .containsExactly(new RegistrationCommand.CheckConflict(look));
    }

    machine.onConflictChecked(now, 1, EndpointSet.EMPTY);
    assertThat(machine.state()).as("an earlier check").isEqualTo(RegistrationState.CONFLICT);
  }

  @Test
  void anAttemptThatSaysNothingIsUndoneBeforeTheNext() {
    machine.onStart(now, OURS);
    registrationCommands();

    untilDeadline();
    assertThat(registrationCommands()).containsExactly(new RegistrationCommand.Withdraw(1));
    machine.onPublished(now, 1);
    assertThat(machine.state()).as("too late").isEqualTo(RegistrationState.WAITING);

    long gaveUp = now;
    untilDeadline();
    assertThat(registrationCommands()).containsExactly(new RegistrationCommand.Announce(3, OURS));
    assertThat(Duration.ofNanos(now - gaveUp))
        .as("time for the withdrawal to end")
        .isGreaterThanOrEqualTo(OPTIONS.withdrawWithin());
  }

  @Test
  void aWithdrawalIsTriedAgainAndEndsInTime() {
    visible();
    long began = now;
    machine.onWithdraw(now);
    int tries = 0;
    while (machine.state() == RegistrationState.WITHDRAWING) {
      assertThat(registrationCommands()).containsExactly(new RegistrationCommand.Withdraw(1));
      tries++;
      machine.onWithdrawFailed(now, 1, lost());
      machine.nextDeadlineNanos().ifPresent(deadline -> untilDeadline());
    }

    assertThat(tries).isGreaterThan(1);
    assertThat(now - began).isLessThanOrEqualTo(OPTIONS.withdrawWithin().toNanos());
    assertThat(Optional.ofNullable(machine.leftBehind())).isPresent();
  }

  @Test
  void aWithdrawalThatSucceedsAtTheSecondTryLeavesNothingBehind() {
    visible();
    machine.onWithdraw(now);
    machine.onWithdrawFailed(now, 1, lost());
    untilDeadline();
    machine.onWithdrawn(1);

    assertThat(machine.state()).isEqualTo(RegistrationState.ABSENT);
    assertThat(Optional.ofNullable(machine.leftBehind())).isEmpty();
  }

  @Test
  void wordOfAnEarlierAttemptChangesNothing() {
    visible();
    machine.onEnded(now, 1, lost());
    untilDeadline();

    machine.onPublished(now, 1);
    assertThat(machine.state()).isEqualTo(RegistrationState.ANNOUNCING);
    machine.onPublished(now, 2);
    machine.onEnded(now, 1, lost());
    assertThat(machine.state()).isEqualTo(RegistrationState.VISIBLE);
  }

  private void bring(RegistrationState registrationState) {
    switch (registrationState) {
      case ANNOUNCING -> machine.onStart(now, OURS);
      case VISIBLE -> visible();
      case WAITING -> {
        visible();
        machine.onEnded(now, 1, lost());
      }
      case CONFLICT -> {
        visible();
        machine.onEnded(now, 1, new RegistryException(RegistryErrorKind.TAKEN_OVER, "by another"));
        untilDeadline();
      }
      case WITHDRAWING -> {
        visible();
        machine.onWithdraw(now);
      }
      case ABSENT -> {
        visible();
        machine.onWithdraw(now);
        machine.onWithdrawn(1);
      }
      case FAILED -> {
        machine.onStart(now, OURS);
        machine.onEnded(now, 1, new RegistryException(RegistryErrorKind.UNSUPPORTED, "never"));
      }
    }
    registrationCommands();
  }

  private void input(String input) {
    RegistryException closed = new RegistryException(RegistryErrorKind.CLOSED, "closed");
    switch (input) {
      case "PUBLISHED" -> machine.onPublished(now, 1);
      case "ENDED" -> machine.onEnded(now, 1, lost());
      case "TAKEN_OVER" ->
          machine.onEnded(
              now, 1, new RegistryException(RegistryErrorKind.TAKEN_OVER, "by another"));
      case "UNSUPPORTED" ->
          machine.onEnded(now, 1, new RegistryException(RegistryErrorKind.UNSUPPORTED, "never"));
      case "UPDATE" -> machine.onUpdate(now, OURS.withWeight(2));
      case "WITHDRAW" -> machine.onWithdraw(now);
      case "TIMEOUT" -> {
        now += Duration.ofDays(1).toNanos();
        machine.onTimeout(now);
      }
      case "WITHDRAWN" -> machine.onWithdrawn(1);
      case "WITHDRAW_FAILED" -> machine.onWithdrawFailed(now, 1, lost());
      case "WITHDRAW_CLOSED" -> machine.onWithdrawFailed(now, 1, closed);
      case "CHECKED_VACANT" -> machine.onConflictChecked(now, 1, EndpointSet.EMPTY);
      case "CHECKED_TAKEN" ->
          machine.onConflictChecked(now, 1, EndpointSet.of(OURS.withInstance("theirs")));
      case "CHECK_FAILED" -> machine.onConflictCheckFailed(1, lost());
      case "CHECK_CLOSED" -> machine.onConflictCheckFailed(1, closed);
      default -> throw new IllegalArgumentException(input);
    }
  }

  private void visible() {
    machine.onStart(now, OURS);
    machine.onPublished(now, 1);
    registrationCommands();
  }

  private void untilDeadline() {
    now = machine.nextDeadlineNanos().orElseThrow();
    machine.onTimeout(now);
  }

  private List<RegistrationCommand> registrationCommands() {
    List<RegistrationCommand> registrationCommands = new ArrayList<>();
    for (Optional<RegistrationCommand> next = machine.poll();
        next.isPresent();
        next = machine.poll()) {
      registrationCommands.add(next.get());
    }
    return registrationCommands;
  }

  private static RegistryException lost() {
    return new RegistryException(RegistryErrorKind.UNAVAILABLE, "lost");
  }
}
