package dev.holdfast.doctor;

import dev.holdfast.core.Limit;
import dev.holdfast.core.PureCore;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The search for a path's idle timeout with a ladder of connections. Each connection is probed
 * once, at an age of its own, because an answer would restart the idle time.
 *
 * <p>The short ages come first, each twice the one before. Once 8 s are survived, the long ages
 * begin, each a quarter longer than the one before. They are all opened at once, so that the search
 * takes little longer than the timeout itself. A second row follows between the last short age that
 * lived and the first that died. Connections that end unprobed show the timeout exactly: a timeout
 * ends them at the same age, a restart at the same moment. A single death below an age that others
 * survived is a stray and does not count.
 *
 * <p>Not thread-safe. Inputs come with the time; {@link #takeSteps} returns the steps to execute,
 * {@link #nextDeadlineNanos} the time of the next call.
 */
@PureCore
final class LadderPlan {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private static final List<Integer> SHORT_AGES_SECONDS = List.of(1, 2, 4, 8, 16);
  private static final long LONG_AGES_AFTER = 8 * SECOND;
  private static final long FIRST_LONG_AGE = 20 * SECOND;
  private static final double LONG_RATIO = 1.25;

  /** An interval this narrow, upper end over lower, is as good as its middle. */
  private static final double NARROW = 1.3;

  /** How many connections go between a short age that lived and one that died. */
  private static final int REFINING = 4;

  private static final double SAME_AGE = 1.15;

  @Limit(
      of = "connections that end at no particular age",
      then = "the examination ends: the path is unsteady")
  private static final int MAX_STRAYS = 3;

  @Limit(
      of = "connections of one ladder",
      then = "no further one is opened; the default ladder needs less than 30")
  private static final int MAX_RUNGS = 60;

  private final LadderOptions options;
  private final long startedNanos;
  private final List<Rung> rungs = new ArrayList<>();
  private final Deque<LadderStep> steps = new ArrayDeque<>();
  private boolean longBegun;
  private boolean again;
  private boolean refined;
  private boolean confirming;
  private long nextOpeningNanos;
  private long answerNanos;
  private int opened;
  private @Nullable LadderResult result;

  LadderPlan(LadderOptions options, long nowNanos) {
    this.options = options;
    startedNanos = nowNanos;
    answerNanos = options.answerWithin().toNanos();
    nextOpeningNanos = nowNanos;
    long longest = options.longest().toNanos();
    for (int seconds : SHORT_AGES_SECONDS) {
      if (seconds * SECOND < longest) {
        add(seconds * SECOND, nowNanos);
      }
    }
    if (longest <= FIRST_LONG_AGE) {
      longBegun = true;
      add(longest, nowNanos);
    }
    onTimeout(nowNanos);
  }

  /** The connection was opened, answered its first call, and is idle from now on. */
  void onReady(long nowNanos, int number) {
    Rung rung = rung(number);
    if (rung.state == Rung.State.OPENING) {
      rung.state = Rung.State.AGING;
      rung.readyNanos = nowNanos;
      rung.dueNanos = nowNanos + rung.ageNanos;
    }
    decide(nowNanos);
  }

  /**
   * Handles the answer to {@link LadderStep.Probe}; after a late answer, later ones get more time.
   */
  void onAnswer(long nowNanos, int number) {
    Rung rung = rung(number);
    if (rung.state == Rung.State.ASKED
        || (rung.state == Rung.State.DIED && rung.ending == Ending.SILENCE)) {
      rung.state = Rung.State.LIVED;
      rung.stray = false;
      answerNanos = Math.max(answerNanos, 2 * (nowNanos - rung.askedNanos));
      steps.add(new LadderStep.Close(number));
    }
    decide(nowNanos);
  }

  /** Handles the end of a connection, or the failure to open it. */
  void onEnd(long nowNanos, int number, Ending ending) {
    Rung rung = rung(number);
    switch (rung.state) {
      case PLANNED, OPENING -> rung.state = Rung.State.NOT_OPENED;
      case AGING -> end(rung, Rung.State.ENDED, nowNanos, ending);
      case ASKED -> end(rung, Rung.State.DIED, nowNanos, ending);
      default -> {
        return;
      }
    }
    decide(nowNanos);
  }

  /** Handles the passing of time; a call before the deadline does no harm. */
  void onTimeout(long nowNanos) {
    for (Rung rung : List.copyOf(rungs)) {
      if (rung.isPending() && rung.dueNanos - nowNanos <= 0) {
        onDue(rung, nowNanos);
      }
    }
    decide(nowNanos);
  }

  /** Stops the search: the result is what is known so far. */
  void stop(long nowNanos) {
    if (result == null) {
      LadderResult.Outcome kept =
          lowerNanos() > 0 ? LadderResult.Outcome.KEPT : LadderResult.Outcome.UNKNOWN;
      finish(firstDead() == null ? kept : LadderResult.Outcome.FORGOTTEN, nowNanos);
    }
  }

  /**
   * The time of the next call of {@link #onTimeout}, in nanoseconds; empty when there is a result.
   */
  Optional<Long> nextDeadlineNanos() {
    if (result != null) {
      return Optional.empty();
    }
    return rungs.stream()
        .filter(Rung::isPending)
        .map(rung -> rung.dueNanos)
        .min(Comparator.comparingLong(due -> due - startedNanos));
  }

  /** Returns the steps to execute now, in this order; each step is returned once. */
  List<LadderStep> takeSteps() {
    List<LadderStep> taken = List.copyOf(steps);
    steps.clear();
    return taken;
  }

  /** The result of the search; empty while it runs. */
  Optional<LadderResult> result() {
    return Optional.ofNullable(result);
  }

  /** How long an idle connection was found to live so far. */
  Duration aliveAt() {
    return Duration.ofNanos(lowerNanos());
  }

  /** How many connections still wait for their age. */
  int waiting() {
    return (int) rungs.stream().filter(Rung::isPending).count();
  }

  private void onDue(Rung rung, long nowNanos) {
    switch (rung.state) {
      case PLANNED -> {
        rung.state = Rung.State.OPENING;
        opened++;
        rung.dueNanos = nowNanos + options.openWithin().toNanos();
        steps.add(new LadderStep.Open(rung.number));
      }
      case OPENING -> {
        rung.state = Rung.State.NOT_OPENED;
        steps.add(new LadderStep.Close(rung.number));
      }
      case AGING -> {
        rung.state = Rung.State.ASKED;
        rung.askedNanos = nowNanos;
        rung.dueNanos = nowNanos + answerNanos;
        steps.add(new LadderStep.Probe(rung.number));
      }
      case ASKED -> {
        // It stays open: its opener may look into it, and it may answer yet.
        end(rung, Rung.State.DIED, nowNanos, Ending.SILENCE);
        steps.add(new LadderStep.Autopsy(rung.number));
      }
      default -> throw new IllegalStateException("rung " + rung.number + " is " + rung.state);
    }
  }

  private void end(Rung rung, Rung.State state, long nowNanos, Ending ending) {
    rung.state = state;
    rung.endedNanos = nowNanos;
    rung.ending = ending;
  }

  private void decide(long nowNanos) {
    if (result != null) {
      return;
    }
    forgetStrays(nowNanos);
    if (strays() > MAX_STRAYS) {
      finish(LadderResult.Outcome.UNSTEADY, nowNanos);
      return;
    }
    if (rungs.stream().anyMatch(rung -> rung.isDead() && rung.state == Rung.State.ENDED)) {
      decideOnEnds(nowNanos);
    } else {
      decideOnAnswers(nowNanos);
    }
  }

  private void decideOnAnswers(long nowNanos) {
    long lower = lowerNanos();
    Rung first = firstDead();
    if (first == null) {
      if (!longBegun && lower >= LONG_AGES_AFTER) {
        beginLongAges(FIRST_LONG_AGE, nowNanos);
      } else if (waiting() == 0 && lower > 0 && lower < options.longest().toNanos() && !again) {
        // A death that a late answer took back had ended the climb.
        again = true;
        beginLongAges(Math.min((long) (lower * LONG_RATIO), options.longest().toNanos()), nowNanos);
      } else if (waiting() == 0) {
        boolean known = rungs.stream().anyMatch(rung -> rung.state == Rung.State.LIVED);
        finish(known ? LadderResult.Outcome.KEPT : LadderResult.Outcome.UNKNOWN, nowNanos);
      }
      return;
    }
    long upper = first.deadAgeNanos();
    rungs.stream().filter(rung -> rung.ageNanos >= upper).forEach(this::drop);
    if (waiting() > 0) {
      return;
    }
    boolean worthIt = upper <= FIRST_LONG_AGE && upper > NARROW * lower;
    if (worthIt && !refined) {
      refined = true;
      refine(Math.max(lower, SECOND / 8), upper, nowNanos);
    } else {
      finish(LadderResult.Outcome.FORGOTTEN, nowNanos);
    }
  }

  /** Some ended without being asked: a timeout when they agree on the age. */
  private void decideOnEnds(long nowNanos) {
    List<Rung> ended =
        rungs.stream().filter(rung -> rung.isDead() && rung.state == Rung.State.ENDED).toList();
    long first = ended.stream().mapToLong(Rung::deadAgeNanos).min().orElseThrow();
    long most = sameAgeNanos(first);
    List<Rung> agreeing = ended.stream().filter(rung -> rung.deadAgeNanos() <= most).toList();
    if (agreeing.size() >= 2 && (confirming || atTheirOwnTimes(agreeing))) {
      finish(LadderResult.Outcome.ENDED, nowNanos);
      return;
    }
    if (rungs.stream().anyMatch(rung -> rung.isPending() && rung.ageNanos > most)) {
      return; // what they do at that age will tell; if they outlive it, those were strays
    }
    if (!confirming) {
      confirming = true;
      for (int i = 0; i < 2; i++) {
        add(most + SECOND / 2, nowNanos);
      }
      onTimeout(nowNanos);
    } else if (waiting() == 0) {
      finish(LadderResult.Outcome.UNSTEADY, nowNanos);
    }
  }

  /** Ends of a timeout are spread as the openings were, those of a restart come at one moment. */
  private static boolean atTheirOwnTimes(List<Rung> ended) {
    return spread(ended.stream().mapToLong(Rung::deadAgeNanos).toArray())
        < spread(
            ended.stream().mapToLong(rung -> rung.endedNanos - ended.get(0).endedNanos).toArray());
  }

  private static long spread(long... values) {
    long least = Long.MAX_VALUE;
    long most = Long.MIN_VALUE;
    for (long value : values) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    return most - least;
  }

  /** Marks deaths at an age that another connection outlived as strays. */
  private void forgetStrays(long nowNanos) {
    long lower = lowerNanos();
    for (Rung rung : rungs) {
      if (!rung.isDead()) {
        continue;
      }
      long outlived = sameAgeNanos(rung.deadAgeNanos());
      boolean olderLives =
          rungs.stream()
              .anyMatch(
                  other ->
                      other.state == Rung.State.AGING
                          && rung.state == Rung.State.ENDED
                          && nowNanos - other.readyNanos > outlived);
      if (rung.deadAgeNanos() <= lower || olderLives) {
        rung.stray = true;
      }
    }
  }

  /** Ages up to the longest, each at most a quarter longer than the one before. */
  private void beginLongAges(long firstNanos, long nowNanos) {
    longBegun = true;
    double longest = options.longest().toNanos();
    int count = (int) Math.ceil(Math.log(longest / firstNanos) / Math.log(LONG_RATIO));
    double ratio = count > 0 ? Math.pow(longest / firstNanos, 1.0 / count) : 1;
    for (int i = 0; i < count; i++) {
      add((long) (firstNanos * Math.pow(ratio, i)), nowNanos);
    }
    add((long) longest, nowNanos);
    onTimeout(nowNanos);
  }

  private void refine(long lower, long upper, long nowNanos) {
    double ratio = Math.pow((double) upper / lower, 1.0 / (REFINING + 1));
    for (int i = 1; i <= REFINING; i++) {
      add((long) (lower * Math.pow(ratio, i)), nowNanos);
    }
    onTimeout(nowNanos);
  }

  private void add(long ageNanos, long nowNanos) {
    if (rungs.size() >= MAX_RUNGS) {
      return;
    }
    if (nextOpeningNanos - nowNanos < 0) {
      nextOpeningNanos = nowNanos;
    }
    rungs.add(new Rung(rungs.size() + 1, ageNanos, nextOpeningNanos));
    nextOpeningNanos += options.stagger().toNanos();
  }

  private void drop(Rung rung) {
    if (rung.isPending()) {
      if (rung.state != Rung.State.PLANNED) {
        steps.add(new LadderStep.Close(rung.number));
      }
      rung.state = Rung.State.DROPPED;
    }
  }

  private void finish(LadderResult.Outcome outcome, long nowNanos) {
    Rung first = firstDead();
    rungs.forEach(this::drop);
    result =
        new LadderResult(
            outcome,
            aliveAt(),
            Optional.ofNullable(first).map(rung -> Duration.ofNanos(rung.deadAgeNanos())),
            Optional.ofNullable(first).map(rung -> rung.ending),
            opened,
            (int) rungs.stream().filter(r -> r.state == Rung.State.NOT_OPENED).count(),
            strays(),
            Duration.ofNanos(nowNanos - startedNanos));
  }

  private long lowerNanos() {
    return rungs.stream()
        .filter(rung -> rung.state == Rung.State.LIVED)
        .mapToLong(rung -> rung.ageNanos)
        .max()
        .orElse(0);
  }

  private @Nullable Rung firstDead() {
    return rungs.stream()
        .filter(Rung::isDead)
        .min(Comparator.comparingLong(Rung::deadAgeNanos))
        .orElse(null);
  }

  private int strays() {
    return (int) rungs.stream().filter(rung -> rung.stray).count();
  }

  private static long sameAgeNanos(long ageNanos) {
    return (long) (ageNanos * SAME_AGE) + SECOND / 2;
  }

  private Rung rung(int number) {
    return rungs.get(number - 1);
  }
}
