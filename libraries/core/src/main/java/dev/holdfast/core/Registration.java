package dev.holdfast.core;

import dev.holdfast.core.RegistryException.Kind;
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
 * WAITING     -         -                        -      ABSENT      ANNOUNCING  -
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
public class Registration {

  /** The state of the record in the registry. */
  public enum State {
    /** An attempt is under way; the record may not be visible yet. */
    ANNOUNCING(0),
    /** The record is visible to everyone. */
    VISIBLE(1),
    /** The last attempt failed or the record was lost; the next attempt follows. */
    WAITING(2),
    /** Another process announced itself at this address; we wait until its record is gone. */
    CONFLICT(3),
    /** The record is being deleted. */
    WITHDRAWING(4),
    /** No record is wanted, and none is kept alive. */
    ABSENT(5),
    /** The registry can't hold the record at all; nothing is tried again. */
    FAILED(6);

    private final int code;

    State(int code) {
      this.code = code;
    }

    /** The value of the meter that shows the state; it never changes its meaning. */
    public int code() {
      return code;
    }
  }

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
  public record Options(
      Duration attemptWithin,
      Duration steadyAfter,
      Duration conflictInterval,
      Duration withdrawWithin,
      Backoff.Options retry) {
    private static final int ATTEMPT_REQUESTS = 6;
    private static final int WITHDRAW_REQUESTS = 2;
    private static final int CONFLICT_TTLS = 3;

    /** The defaults for a registry with these times. */
    public static Options forTimes(Duration recordTtl, Duration requestTimeout) {
      return new Options(
          requestTimeout.multipliedBy(ATTEMPT_REQUESTS),
          recordTtl,
          recordTtl.multipliedBy(CONFLICT_TTLS),
          requestTimeout.multipliedBy(WITHDRAW_REQUESTS),
          Backoff.Options.REGISTRY);
    }
  }

  /** A command for the owner of the state machine. */
  sealed interface Command {
    /** Announce; what becomes of it is reported with the number of the attempt. */
    record Announce(long attempt, Endpoint endpoint) implements Command {}

    /** Change what the announcement of this attempt says. */
    record Update(long attempt, Endpoint endpoint) implements Command {}

    /** Withdraw the announcement of this attempt. */
    record Withdraw(long attempt) implements Command {}

    /** Read the service and report by {@link #onLooked} or {@link #onLookFailed}. */
    record Look(long id) implements Command {}
  }

  private final Options options;
  private final Backoff backoff;
  private final Queue<Command> commands = new ArrayDeque<>();

  private State state = State.ABSENT;
  private @Nullable Endpoint wanted;
  private @Nullable RegistryException cause;
  private @Nullable Long deadlineNanos;

  /** The number of the current attempt; results of earlier attempts are ignored. */
  private long attempt;

  private long visibleSinceNanos;
  private int unconfirmedUpdates;

  /** The number of the current look at a conflict; results of earlier looks are ignored. */
  private long look;

  /** When the withdrawal gives up, whether or not the record is gone. */
  private long withdrawEndsNanos;

  private @Nullable RegistryException leftBehind;

  Registration(Options options, Backoff backoff) {
    this.options = options;
    this.backoff = backoff;
  }

  /** The instance is wanted from now on. */
  void onStart(long nowNanos, Endpoint endpoint) {
    wanted = endpoint;
    announce(nowNanos);
  }

  /** The record is to say something else. */
  void onUpdate(long nowNanos, Endpoint endpoint) {
    if (state == State.WITHDRAWING || state == State.ABSENT || state == State.FAILED) {
      return;
    }
    wanted = endpoint;
    if (state == State.ANNOUNCING || state == State.VISIBLE) {
      unconfirmedUpdates++;
      commands.add(new Command.Update(attempt, endpoint));
    }
    if (state == State.VISIBLE) {
      deadlineNanos = nowNanos + options.attemptWithin().toNanos();
    }
  }

  /** The instance is not wanted any more. */
  void onWithdraw(long nowNanos) {
    switch (state) {
      case ANNOUNCING, VISIBLE -> {
        state = State.WITHDRAWING;
        withdrawEndsNanos = nowNanos + options.withdrawWithin().toNanos();
        deadlineNanos = withdrawEndsNanos;
        backoff.reset();
        commands.add(new Command.Withdraw(attempt));
      }
      case WAITING, CONFLICT, FAILED -> rest(State.ABSENT);
      case WITHDRAWING, ABSENT -> {}
    }
  }

  /** The record of an attempt is visible. */
  void onPublished(long nowNanos, long ofAttempt) {
    if (ofAttempt != attempt || (state != State.ANNOUNCING && state != State.VISIBLE)) {
      return;
    }
    if (state == State.ANNOUNCING) {
      state = State.VISIBLE;
      cause = null;
      visibleSinceNanos = nowNanos;
    } else if (unconfirmedUpdates > 0) {
      unconfirmedUpdates--;
    }
    deadlineNanos =
        unconfirmedUpdates > 0 ? Long.valueOf(nowNanos + options.attemptWithin().toNanos()) : null;
  }

  /** An attempt failed, or its record was lost. */
  void onEnded(long nowNanos, long ofAttempt, RegistryException why) {
    if (ofAttempt != attempt || (state != State.ANNOUNCING && state != State.VISIBLE)) {
      return;
    }
    if (state == State.VISIBLE && nowNanos - visibleSinceNanos >= options.steadyAfter().toNanos()) {
      backoff.reset();
    }
    cause = why;
    if (!why.kind().isRetryable()) {
      rest(State.FAILED);
    } else if (why.kind() == Kind.TAKEN_OVER) {
      state = State.CONFLICT;
      deadlineNanos = nowNanos + options.conflictInterval().toNanos();
    } else {
      await(nowNanos, Duration.ZERO);
    }
  }

  /** Reports that the registry deleted the record. */
  void onWithdrawn(long ofAttempt) {
    if (ofAttempt == attempt && state == State.WITHDRAWING) {
      leftBehind = null;
      rest(State.ABSENT);
    }
  }

  /** Reports that the registry could not delete the record. */
  void onWithdrawFailed(long nowNanos, long ofAttempt, RegistryException why) {
    if (ofAttempt != attempt || state != State.WITHDRAWING) {
      return;
    }
    leftBehind = why;
    long nextNanos = nowNanos + backoff.next().toNanos();
    if (!why.kind().isRetryable() || nextNanos - withdrawEndsNanos >= 0) {
      rest(State.ABSENT);
    } else {
      deadlineNanos = nextNanos;
    }
  }

  /** Reports the endpoints that a {@link Command.Look} found in the registry. */
  void onLooked(long nowNanos, long id, EndpointSet found) {
    if (id != look || state != State.CONFLICT || wanted == null) {
      return;
    }
    String ours = wanted.instance();
    boolean taken = found.at(wanted.address()).filter(e -> !e.instance().equals(ours)).isPresent();
    if (!taken) {
      announce(nowNanos);
    }
  }

  /** A {@link Command.Look} failed: the next one follows in its time. */
  void onLookFailed(long id, RegistryException why) {
    if (id == look && state == State.CONFLICT && why.kind() == Kind.CLOSED) {
      cause = why;
      rest(State.FAILED);
    }
  }

  /**
   * Time has passed; to be called at {@link #nextDeadlineNanos}, and harmless at any other time.
   */
  void onTimeout(long nowNanos) {
    if (deadlineNanos == null || nowNanos - deadlineNanos < 0) {
      return;
    }
    switch (state) {
      case WAITING -> announce(nowNanos);
      case ANNOUNCING -> giveUpAttempt(nowNanos);
      case CONFLICT -> {
        look++;
        commands.add(new Command.Look(look));
        deadlineNanos = nowNanos + options.conflictInterval().toNanos();
      }
      case WITHDRAWING -> {
        if (nowNanos - withdrawEndsNanos >= 0) {
          leaveBehind();
        } else {
          commands.add(new Command.Withdraw(attempt));
          deadlineNanos = withdrawEndsNanos;
        }
      }
      case VISIBLE -> repeatUpdate(nowNanos);
      case ABSENT, FAILED -> deadlineNanos = null;
    }
  }

  /** When {@link #onTimeout} is due. */
  OptionalLong nextDeadlineNanos() {
    return deadlineNanos == null ? OptionalLong.empty() : OptionalLong.of(deadlineNanos);
  }

  /** The next thing to do, if there is one. */
  Optional<Command> poll() {
    return Optional.ofNullable(commands.poll());
  }

  State state() {
    return state;
  }

  /** The last failure since the record was visible. */
  @Nullable RegistryException cause() {
    return cause;
  }

  /** The reason why the record could not be deleted and is left to expire; null otherwise. */
  @Nullable RegistryException leftBehind() {
    return state == State.ABSENT ? leftBehind : null;
  }

  private void announce(long nowNanos) {
    if (wanted == null) {
      return;
    }
    state = State.ANNOUNCING;
    attempt++;
    unconfirmedUpdates = 0;
    deadlineNanos = nowNanos + options.attemptWithin().toNanos();
    commands.add(new Command.Announce(attempt, wanted));
  }

  private void repeatUpdate(long nowNanos) {
    if (wanted != null) {
      unconfirmedUpdates = 1;
      commands.add(new Command.Update(attempt, wanted));
      deadlineNanos = nowNanos + options.attemptWithin().toNanos();
    }
  }

  /** Whatever the silent attempt did is undone, with time to end before the next one begins. */
  private void giveUpAttempt(long nowNanos) {
    commands.add(new Command.Withdraw(attempt));
    attempt++;
    cause = new RegistryException(Kind.UNAVAILABLE, "the attempt to announce said nothing in time");
    await(nowNanos, options.withdrawWithin());
  }

  private void await(long nowNanos, Duration atLeast) {
    state = State.WAITING;
    deadlineNanos = nowNanos + atLeast.toNanos() + backoff.next().toNanos();
  }

  private void leaveBehind() {
    if (leftBehind == null) {
      leftBehind =
          new RegistryException(Kind.UNAVAILABLE, "the registry did not answer the withdrawal");
    }
    rest(State.ABSENT);
  }

  private void rest(State last) {
    state = last;
    deadlineNanos = null;
    if (state == State.ABSENT) {
      wanted = null;
    }
  }
}
