package dev.holdfast.core.registration;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * The desired state of one record, reconciled with what the registry does to it: "this instance is
 * visible" is a goal that outlives lost leases, deleted keys, wiped stores and hours of outage.
 *
 * <p>What it guarantees:
 *
 * <ul>
 *   <li>while the instance is wanted there is always an announcement, an attempt, or a time at
 *       which the next attempt begins;
 *   <li>attempts follow each other by the {@link Backoff}, which is reset only by a record that
 *       stayed visible for {@code steadyAfter};
 *   <li>what an update said is said again every {@code attemptWithin} until the registry confirms
 *       it;
 *   <li>a record that another process took over is not fought for: its place is looked at every
 *       {@code conflictInterval}, and taken again when it is vacant;
 *   <li>a withdrawal ends within {@code withdrawWithin}, whatever the registry does;
 *   <li>word of an earlier attempt changes nothing.
 * </ul>
 *
 * <p>States and what the inputs do (a dash changes no state):
 *
 * <pre>
 *             published ended                    update withdraw    timeout     looked: vacant/taken
 * ANNOUNCING  VISIBLE   WAITING,CONFLICT,FAILED* -      WITHDRAWING WAITING     -
 * VISIBLE     -         WAITING,CONFLICT,FAILED* -      WITHDRAWING - (updates) -
 * WAITING     -         -                        -      WITHDRAWING ANNOUNCING  -
 * CONFLICT    -         -                        -      ABSENT      - (looks)   ANNOUNCING / -
 * WITHDRAWING -         -                        -      -           ABSENT      -
 * ABSENT      -         -                        -      -           -           -
 * FAILED      -         -                        -      ABSENT      -           -
 * </pre>
 *
 * <p>* CONFLICT when taken over, FAILED when the same request can never succeed, else WAITING.
 * WITHDRAWING becomes ABSENT when the record is gone; when that fails it is tried again until its
 * time is over.
 *
 * <p>Not thread-safe. After every input the owner takes the outputs: {@link #poll} until it is
 * empty, and {@link #nextDeadlineNanos}.
 */
@PureCore
class RegistrationStateMachine {

  /**
   * The times of a registration.
   *
   * @param attemptWithin after what time an attempt that says nothing is given up, and an update
   *     that was not confirmed is repeated
   * @param steadyAfter how long a record must have been visible for the backoff to begin anew
   * @param conflictInterval how often the place of a record that was taken over is looked at
   * @param withdrawWithin how long a withdrawal may take
   * @param retry the delays between attempts
   */
  public record RegistrationOptions(
      Duration attemptWithin,
      Duration steadyAfter,
      Duration conflictInterval,
      Duration withdrawWithin,
      Backoff.BackoffOptions retry) {
    private static final int ATTEMPT_REQUESTS = 6;
    private static final int WITHDRAW_REQUESTS = 2;
    private static final int CONFLICT_TTLS = 3;

    /** The defaults for a registry with these times. */
    public static RegistrationOptions forTimes(Duration recordTtl, Duration requestTimeout) {
      return new RegistrationOptions(
          requestTimeout.multipliedBy(ATTEMPT_REQUESTS),
          recordTtl,
          recordTtl.multipliedBy(CONFLICT_TTLS),
          requestTimeout.multipliedBy(WITHDRAW_REQUESTS),
          Backoff.BackoffOptions.REGISTRY);
    }
  }

  /** A command for the owner of the state machine. */
  public sealed interface RegistrationCommand {
    /** Announce; what becomes of it is reported with the number of the attempt. */
    record Announce(long attempt, Endpoint endpoint) implements RegistrationCommand {}

    /** Change what the announcement of this attempt says. */
    record Update(long attempt, Endpoint endpoint) implements RegistrationCommand {}

    /** Withdraw the announcement of this attempt. */
    record Withdraw(long attempt) implements RegistrationCommand {}

    /**
     * Read the service and report by {@link #onConflictChecked} or {@link #onConflictCheckFailed}.
     */
    record CheckConflict(long id) implements RegistrationCommand {}
  }

  private final RegistrationOptions registrationOptions;
  private final Backoff backoff;
  private final Queue<RegistrationCommand> registrationCommands = new ArrayDeque<>();

  private RegistrationState state = RegistrationState.ABSENT;
  private @Nullable Endpoint wanted;
  private @Nullable RegistryException cause;
  private @Nullable Long deadlineNanos;

  /** The number of the current attempt; results of earlier attempts are ignored. */
  private long attempt;

  private long visibleSinceNanos;
  private int unconfirmedUpdates;

  /** The number of the current look at a conflict; results of earlier checks are ignored. */
  private long look;

  /** When the withdrawal gives up, whether or not the record is gone. */
  private long withdrawEndsNanos;

  private @Nullable RegistryException leftBehind;

  public RegistrationStateMachine(RegistrationOptions registrationOptions, Backoff backoff) {
    this.registrationOptions = registrationOptions;
    this.backoff = backoff;
  }

  /** The instance is wanted from now on. */
  void onStart(long nowNanos, Endpoint endpoint) {
    wanted = endpoint;
    announce(nowNanos);
  }

  /** The record is to say something else. */
  public void onUpdate(long nowNanos, Endpoint endpoint) {
    if (state == RegistrationState.WITHDRAWING
        || state == RegistrationState.ABSENT
        || state == RegistrationState.FAILED) {
      return;
    }
    wanted = endpoint;
    if (state == RegistrationState.ANNOUNCING || state == RegistrationState.VISIBLE) {
      unconfirmedUpdates++;
      registrationCommands.add(new RegistrationCommand.Update(attempt, endpoint));
    }
    if (state == RegistrationState.VISIBLE) {
      deadlineNanos = nowNanos + registrationOptions.attemptWithin().toNanos();
    }
  }

  /** The instance is not wanted any more. */
  void onWithdraw(long nowNanos) {
    switch (state) {
      // An attempt that ended may have left a record, as one under an older lease.
      case ANNOUNCING, VISIBLE, WAITING -> {
        state = RegistrationState.WITHDRAWING;
        withdrawEndsNanos = nowNanos + registrationOptions.withdrawWithin().toNanos();
        deadlineNanos = withdrawEndsNanos;
        backoff.reset();
        registrationCommands.add(new RegistrationCommand.Withdraw(attempt));
      }
      case CONFLICT, FAILED -> rest(RegistrationState.ABSENT);
      case WITHDRAWING, ABSENT -> {}
    }
  }

  /** The record of an attempt is visible. */
  public void onPublished(long nowNanos, long ofAttempt) {
    if (ofAttempt != attempt
        || (state != RegistrationState.ANNOUNCING && state != RegistrationState.VISIBLE)) {
      return;
    }
    if (state == RegistrationState.ANNOUNCING) {
      state = RegistrationState.VISIBLE;
      cause = null;
      visibleSinceNanos = nowNanos;
    } else if (unconfirmedUpdates > 0) {
      unconfirmedUpdates--;
    }
    deadlineNanos =
        unconfirmedUpdates > 0
            ? Long.valueOf(nowNanos + registrationOptions.attemptWithin().toNanos())
            : null;
  }

  /** An attempt failed, or its record was lost. */
  public void onEnded(long nowNanos, long ofAttempt, RegistryException why) {
    if (ofAttempt != attempt
        || (state != RegistrationState.ANNOUNCING && state != RegistrationState.VISIBLE)) {
      return;
    }
    if (state == RegistrationState.VISIBLE
        && nowNanos - visibleSinceNanos >= registrationOptions.steadyAfter().toNanos()) {
      backoff.reset();
    }
    cause = why;
    if (!why.kind().isRetryable()) {
      rest(RegistrationState.FAILED);
    } else if (why.kind() == RegistryErrorKind.TAKEN_OVER) {
      state = RegistrationState.CONFLICT;
      deadlineNanos = nowNanos + registrationOptions.conflictInterval().toNanos();
    } else {
      await(nowNanos, Duration.ZERO);
    }
  }

  /** Reports that the registry deleted the record. */
  void onWithdrawn(long ofAttempt) {
    if (ofAttempt == attempt && state == RegistrationState.WITHDRAWING) {
      leftBehind = null;
      rest(RegistrationState.ABSENT);
    }
  }

  /** Reports that the registry could not delete the record. */
  protected void onWithdrawFailed(long nowNanos, long ofAttempt, RegistryException why) {
    if (ofAttempt != attempt || state != RegistrationState.WITHDRAWING) {
      return;
    }
    leftBehind = why;
    long nextNanos = nowNanos + backoff.next().toNanos();
    if (!why.kind().isRetryable() || nextNanos - withdrawEndsNanos >= 0) {
      rest(RegistrationState.ABSENT);
    } else {
      deadlineNanos = nextNanos;
    }
  }

  /**
   * Reports the endpoints that a {@link RegistrationCommand.CheckConflict} found in the registry.
   */
  protected void onConflictChecked(long nowNanos, long id, EndpointSet found) {
    if (id != look || state != RegistrationState.CONFLICT || wanted == null) {
      return;
    }
    String ours = wanted.instance();
    boolean taken = found.at(wanted.address()).filter(e -> !e.instance().equals(ours)).isPresent();
    if (!taken) {
      announce(nowNanos);
    }
  }

  /** A {@link RegistrationCommand.CheckConflict} failed: the next one follows in its time. */
  void onConflictCheckFailed(long id, RegistryException why) {
    if (id == look
        && state == RegistrationState.CONFLICT
        && why.kind() == RegistryErrorKind.CLOSED) {
      cause = why;
      rest(RegistrationState.FAILED);
    }
  }

  /**
   * Time has passed; to be called at {@link #nextDeadlineNanos}, and harmless at any other time.
   */
  public void onTimeout(long nowNanos) {
    if (deadlineNanos == null || nowNanos - deadlineNanos < 0) {
      return;
    }
    switch (state) {
      case WAITING -> announce(nowNanos);
      case ANNOUNCING -> giveUpAttempt(nowNanos);
      case CONFLICT -> {
        look++;
        registrationCommands.add(new RegistrationCommand.CheckConflict(look));
        deadlineNanos = nowNanos + registrationOptions.conflictInterval().toNanos();
      }
      case WITHDRAWING -> {
        if (nowNanos - withdrawEndsNanos >= 0) {
          leaveBehind();
        } else {
          registrationCommands.add(new RegistrationCommand.Withdraw(attempt));
          deadlineNanos = withdrawEndsNanos;
        }
      }
      case VISIBLE -> repeatUpdate(nowNanos);
      case ABSENT, FAILED -> deadlineNanos = null;
    }
  }

  /** When {@link #onTimeout} is due. */
  public OptionalLong nextDeadlineNanos() {
    return deadlineNanos == null ? OptionalLong.empty() : OptionalLong.of(deadlineNanos);
  }

  /** The next thing to do, if there is one. */
  public Optional<RegistrationCommand> poll() {
    return Optional.ofNullable(registrationCommands.poll());
  }

  public RegistrationState state() {
    return state;
  }

  /** The last failure since the record was visible. */
  @Nullable RegistryException cause() {
    return cause;
  }

  /** The reason why the record could not be deleted and is left to expire; null otherwise. */
  @Nullable RegistryException leftBehind() {
    return state == RegistrationState.ABSENT ? leftBehind : null;
  }

  private void announce(long nowNanos) {
    if (wanted == null) {
      return;
    }
    state = RegistrationState.ANNOUNCING;
    attempt++;
    unconfirmedUpdates = 0;
    deadlineNanos = nowNanos + registrationOptions.attemptWithin().toNanos();
    registrationCommands.add(new RegistrationCommand.Announce(attempt, wanted));
  }

  private void repeatUpdate(long nowNanos) {
    if (wanted != null) {
      unconfirmedUpdates = 1;
      registrationCommands.add(new RegistrationCommand.Update(attempt, wanted));
      deadlineNanos = nowNanos + registrationOptions.attemptWithin().toNanos();
    }
  }

  /** Whatever the silent attempt did is undone, with time to end before the next one begins. */
  private void giveUpAttempt(long nowNanos) {
    registrationCommands.add(new RegistrationCommand.Withdraw(attempt));
    attempt++;
    cause =
        new RegistryException(
            RegistryErrorKind.UNAVAILABLE, "the attempt to announce said nothing in time");
    await(nowNanos, registrationOptions.withdrawWithin());
  }

  private void await(long nowNanos, Duration atLeast) {
    state = RegistrationState.WAITING;
    deadlineNanos = nowNanos + atLeast.toNanos() + backoff.next().toNanos();
  }

  private void leaveBehind() {
    if (leftBehind == null) {
      leftBehind =
          new RegistryException(
              RegistryErrorKind.UNAVAILABLE, "the registry did not answer the withdrawal");
    }
    rest(RegistrationState.ABSENT);
  }

  private void rest(RegistrationState last) {
    state = last;
    deadlineNanos = null;
    if (state == RegistrationState.ABSENT) {
      wanted = null;
    }
  }
}
