package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Registration.Command;
import dev.holdfast.core.Registration.State;
import dev.holdfast.core.RegistryException.Kind;
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
class RegistrationTest {
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
      ANNOUNCING,  LOOKED_VACANT,   ANNOUNCING
      VISIBLE,     PUBLISHED,       VISIBLE
      VISIBLE,     ENDED,           WAITING
      VISIBLE,     TAKEN_OVER,      CONFLICT
      VISIBLE,     UNSUPPORTED,     FAILED
      VISIBLE,     UPDATE,          VISIBLE
      VISIBLE,     WITHDRAW,        WITHDRAWING
      VISIBLE,     TIMEOUT,         VISIBLE
      VISIBLE,     WITHDRAWN,       VISIBLE
      VISIBLE,     WITHDRAW_FAILED, VISIBLE
      VISIBLE,     LOOKED_VACANT,   VISIBLE
      WAITING,     PUBLISHED,       WAITING
      WAITING,     ENDED,           WAITING
      WAITING,     TAKEN_OVER,      WAITING
      WAITING,     UNSUPPORTED,     WAITING
      WAITING,     UPDATE,          WAITING
      WAITING,     WITHDRAW,        ABSENT
      WAITING,     TIMEOUT,         ANNOUNCING
      WAITING,     WITHDRAWN,       WAITING
      WAITING,     WITHDRAW_FAILED, WAITING
      WAITING,     LOOKED_VACANT,   WAITING
      CONFLICT,    PUBLISHED,       CONFLICT
      CONFLICT,    ENDED,           CONFLICT
      CONFLICT,    TAKEN_OVER,      CONFLICT
      CONFLICT,    UNSUPPORTED,     CONFLICT
      CONFLICT,    UPDATE,          CONFLICT
      CONFLICT,    WITHDRAW,        ABSENT
      CONFLICT,    TIMEOUT,         CONFLICT
      CONFLICT,    WITHDRAWN,       CONFLICT
      CONFLICT,    WITHDRAW_FAILED, CONFLICT
      CONFLICT,    LOOKED_VACANT,   ANNOUNCING
      CONFLICT,    LOOKED_TAKEN,    CONFLICT
      CONFLICT,    LOOK_FAILED,     CONFLICT
      CONFLICT,    LOOK_CLOSED,     FAILED
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
      WITHDRAWING, LOOKED_VACANT,   WITHDRAWING
      ABSENT,      PUBLISHED,       ABSENT
      ABSENT,      ENDED,           ABSENT
      ABSENT,      TAKEN_OVER,      ABSENT
      ABSENT,      UPDATE,          ABSENT
      ABSENT,      WITHDRAW,        ABSENT
      ABSENT,      TIMEOUT,         ABSENT
      ABSENT,      WITHDRAWN,       ABSENT
      ABSENT,      LOOKED_VACANT,   ABSENT
      FAILED,      PUBLISHED,       FAILED
      FAILED,      ENDED,           FAILED
      FAILED,      TAKEN_OVER,      FAILED
      FAILED,      UPDATE,          FAILED
      FAILED,      WITHDRAW,        ABSENT
      FAILED,      TIMEOUT,         FAILED
      FAILED,      WITHDRAWN,       FAILED
      FAILED,      LOOKED_VACANT,   FAILED
      """;

  private static final Endpoint OURS = Endpoint.of("10.0.0.1:50051").withInstance("ours");
  private static final Registration.Options OPTIONS =
      Registration.Options.forTimes(Duration.ofSeconds(5), Duration.ofSeconds(1));

  private final Registration machine =
      new Registration(OPTIONS, new Backoff(OPTIONS.retry(), new SplittableRandom(1)));
  // Just before the overflow, so that deadlines compared with < fail.
  private long now = Long.MAX_VALUE - Duration.ofSeconds(1).toNanos();

  @ParameterizedTest
  @CsvSource(textBlock = TABLE)
  void movesAsItsTableSays(State from, String input, State to) {
    bring(from);
    assertThat(machine.state()).isEqualTo(from);

    input(input);

    assertThat(machine.state()).isEqualTo(to);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void everyRetryableEndIsFollowedByAnotherAttempt(Kind kind) {
    visible();
    machine.onEnded(now, 1, new RegistryException(kind, "lost"));

    if (kind == Kind.TAKEN_OVER) {
      assertThat(machine.state()).isEqualTo(State.CONFLICT);
    } else if (kind.isRetryable()) {
      untilDeadline();
      assertThat(commands()).containsExactly(new Command.Announce(2, OURS));
    } else {
      assertThat(machine.state()).isEqualTo(State.FAILED);
      assertThat(machine.nextDeadlineNanos()).isEmpty();
    }
  }

  @Test
  void anUpdateIsPassedOnAndRepeatedUntilItIsConfirmed() {
    visible();
    Endpoint heavier = OURS.withWeight(7);
    machine.onUpdate(now, heavier);
    assertThat(commands()).containsExactly(new Command.Update(1, heavier));

    untilDeadline();
    assertThat(commands()).containsExactly(new Command.Update(1, heavier));
    machine.onPublished(now, 1);

    assertThat(machine.nextDeadlineNanos()).isEmpty();
  }

  @Test
  void anUpdateInAnOutageIsWhatTheNextAttemptSays() {
    visible();
    machine.onEnded(now, 1, lost());
    machine.onUpdate(now, OURS.withWeight(7));

    untilDeadline();

    assertThat(commands()).containsExactly(new Command.Announce(2, OURS.withWeight(7)));
  }

  @Test
  void anOutageOfHoursIsAskedAboutEveryFewSeconds() {
    machine.onStart(now, OURS);
    long began = now;
    int attempts = 0;
    while (now - began < Duration.ofHours(3).toNanos()) {
      assertThat(commands()).hasSize(1);
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
      commands();
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
    machine.onEnded(now, 1, new RegistryException(Kind.TAKEN_OVER, "by another"));
    assertThat(commands()).isEmpty();
    long began = now;

    untilDeadline();
    assertThat(Duration.ofNanos(now - began)).isEqualTo(Duration.ofSeconds(15));
    assertThat(commands()).containsExactly(new Command.Look(1));
    machine.onLooked(now, 1, EndpointSet.of(OURS.withInstance("theirs")));
    assertThat(commands()).isEmpty();

    untilDeadline();
    assertThat(commands()).containsExactly(new Command.Look(2));
    machine.onLooked(now, 2, EndpointSet.EMPTY);
    assertThat(commands()).containsExactly(new Command.Announce(2, OURS));
  }

  @Test
  void aLookThatIsNeverAnsweredIsRepeated() {
    visible();
    machine.onEnded(now, 1, new RegistryException(Kind.TAKEN_OVER, "by another"));
    for (int look = 1; look < 5; look++) {
      untilDeadline();
      assertThat(commands()).containsExactly(new Command.Look(look));
    }

    machine.onLooked(now, 1, EndpointSet.EMPTY);
    assertThat(machine.state()).as("an old look").isEqualTo(State.CONFLICT);
  }

  @Test
  void anAttemptThatSaysNothingIsUndoneBeforeTheNext() {
    machine.onStart(now, OURS);
    commands();

    untilDeadline();
    assertThat(commands()).containsExactly(new Command.Withdraw(1));
    machine.onPublished(now, 1);
    assertThat(machine.state()).as("too late").isEqualTo(State.WAITING);

    long gaveUp = now;
    untilDeadline();
    assertThat(commands()).containsExactly(new Command.Announce(3, OURS));
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
    while (machine.state() == State.WITHDRAWING) {
      assertThat(commands()).containsExactly(new Command.Withdraw(1));
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

    assertThat(machine.state()).isEqualTo(State.ABSENT);
    assertThat(Optional.ofNullable(machine.leftBehind())).isEmpty();
  }

  @Test
  void wordOfAnEarlierAttemptChangesNothing() {
    visible();
    machine.onEnded(now, 1, lost());
    untilDeadline();

    machine.onPublished(now, 1);
    assertThat(machine.state()).isEqualTo(State.ANNOUNCING);
    machine.onPublished(now, 2);
    machine.onEnded(now, 1, lost());
    assertThat(machine.state()).isEqualTo(State.VISIBLE);
  }

  private void bring(State state) {
    switch (state) {
      case ANNOUNCING -> machine.onStart(now, OURS);
      case VISIBLE -> visible();
      case WAITING -> {
        visible();
        machine.onEnded(now, 1, lost());
      }
      case CONFLICT -> {
        visible();
        machine.onEnded(now, 1, new RegistryException(Kind.TAKEN_OVER, "by another"));
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
        machine.onEnded(now, 1, new RegistryException(Kind.UNSUPPORTED, "never"));
      }
    }
    commands();
  }

  private void input(String input) {
    RegistryException closed = new RegistryException(Kind.CLOSED, "closed");
    switch (input) {
      case "PUBLISHED" -> machine.onPublished(now, 1);
      case "ENDED" -> machine.onEnded(now, 1, lost());
      case "TAKEN_OVER" ->
          machine.onEnded(now, 1, new RegistryException(Kind.TAKEN_OVER, "by another"));
      case "UNSUPPORTED" ->
          machine.onEnded(now, 1, new RegistryException(Kind.UNSUPPORTED, "never"));
      case "UPDATE" -> machine.onUpdate(now, OURS.withWeight(2));
      case "WITHDRAW" -> machine.onWithdraw(now);
      case "TIMEOUT" -> {
        now += Duration.ofDays(1).toNanos();
        machine.onTimeout(now);
      }
      case "WITHDRAWN" -> machine.onWithdrawn(1);
      case "WITHDRAW_FAILED" -> machine.onWithdrawFailed(now, 1, lost());
      case "WITHDRAW_CLOSED" -> machine.onWithdrawFailed(now, 1, closed);
      case "LOOKED_VACANT" -> machine.onLooked(now, 1, EndpointSet.EMPTY);
      case "LOOKED_TAKEN" -> machine.onLooked(now, 1, EndpointSet.of(OURS.withInstance("theirs")));
      case "LOOK_FAILED" -> machine.onLookFailed(1, lost());
      case "LOOK_CLOSED" -> machine.onLookFailed(1, closed);
      default -> throw new IllegalArgumentException(input);
    }
  }

  private void visible() {
    machine.onStart(now, OURS);
    machine.onPublished(now, 1);
    commands();
  }

  private void untilDeadline() {
    now = machine.nextDeadlineNanos().orElseThrow();
    machine.onTimeout(now);
  }

  private List<Command> commands() {
    List<Command> commands = new ArrayList<>();
    for (Optional<Command> next = machine.poll(); next.isPresent(); next = machine.poll()) {
      commands.add(next.get());
    }
    return commands;
  }

  private static RegistryException lost() {
    return new RegistryException(Kind.UNAVAILABLE, "lost");
  }
}
