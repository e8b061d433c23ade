package dev.holdfast.doctor;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The search for a path's idle timeout with a series of connections. Each connection is probed
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
final class IdleTimeoutSearch {
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
      of = "connections of one search",
      then = "no further one is opened; the default search needs less than 30")
  private static final int MAX_PROBES = 60;

  private final IdleTimeoutSearchOptions options;
  private final long startedNanos;
  private final List<IdleProbe> idleProbes = new ArrayList<>();
  private final Deque<IdleProbeStep> steps = new ArrayDeque<>();
  private boolean longBegun;
  private boolean again;
  private boolean refined;
  private boolean confirming;
  private long nextOpeningNanos;
  private long answerNanos;
  private int opened;
  private @Nullable IdleTimeoutResult result;

  IdleTimeoutSearch(IdleTimeoutSearchOptions options, long nowNanos) {
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
    IdleProbe idleProbe = probe(number);
    if (idleProbe.idleProbeState == IdleProbe.IdleProbeState.OPENING) {
      idleProbe.idleProbeState = IdleProbe.IdleProbeState.AGING;
      idleProbe.readyNanos = nowNanos;
      idleProbe.dueNanos = nowNanos + idleProbe.ageNanos;
    }
    decide(nowNanos);
  }

  /**
   * Handles the answer to {@link IdleProbeStep.SendProbe}; after a late answer, later ones get more
   * time.
   */
  void onAnswer(long nowNanos, int number) {
    IdleProbe idleProbe = probe(number);
    if (idleProbe.idleProbeState == IdleProbe.IdleProbeState.ASKED
        || (idleProbe.idleProbeState == IdleProbe.IdleProbeState.DIED
            && idleProbe.disconnectKind == DisconnectKind.SILENCE)) {
      idleProbe.idleProbeState = IdleProbe.IdleProbeState.LIVED;
      idleProbe.stray = false;
      answerNanos = Math.max(answerNanos, 2 * (nowNanos - idleProbe.askedNanos));
      steps.add(new IdleProbeStep.CloseProbe(number));
    }
    decide(nowNanos);
  }

  /** Handles the end of a connection, or the failure to open it. */
  void onEnd(long nowNanos, int number, DisconnectKind disconnectKind) {
    IdleProbe idleProbe = probe(number);
    switch (idleProbe.idleProbeState) {
      case PLANNED, OPENING -> idleProbe.idleProbeState = IdleProbe.IdleProbeState.NOT_OPENED;
      case AGING -> end(idleProbe, IdleProbe.IdleProbeState.ENDED, nowNanos, disconnectKind);
      case ASKED -> end(idleProbe, IdleProbe.IdleProbeState.DIED, nowNanos, disconnectKind);
      default -> {
        return;
      }
    }
    decide(nowNanos);
  }

  /** Handles the passing of time; a call before the deadline does no harm. */
  void onTimeout(long nowNanos) {
    for (IdleProbe idleProbe : List.copyOf(idleProbes)) {
      if (idleProbe.isPending() && idleProbe.dueNanos - nowNanos <= 0) {
        onDue(idleProbe, nowNanos);
      }
    }
    decide(nowNanos);
  }

  /** Stops the search: the result is what is known so far. */
  void stop(long nowNanos) {
    if (result == null) {
      IdleTimeoutResult.IdleTimeoutOutcome kept =
          lowerNanos() > 0
              ? IdleTimeoutResult.IdleTimeoutOutcome.KEPT
              : IdleTimeoutResult.IdleTimeoutOutcome.UNKNOWN;
      finish(firstDead() == null ? kept : IdleTimeoutResult.IdleTimeoutOutcome.FORGOTTEN, nowNanos);
    }
  }

  /**
   * The time of the next call of {@link #onTimeout}, in nanoseconds; empty when there is a result.
   */
  Optional<Long> nextDeadlineNanos() {
    if (result != null) {
      return Optional.empty();
    }
    return idleProbes.stream()
        .filter(IdleProbe::isPending)
        .map(idleProbe -> idleProbe.dueNanos)
        .min(Comparator.comparingLong(due -> due - startedNanos));
  }

  /** Returns the steps to execute now, in this order; each step is returned once. */
  List<IdleProbeStep> takeSteps() {
    List<IdleProbeStep> taken = List.copyOf(steps);
    steps.clear();
    return taken;
  }

  /** The result of the search; empty while it runs. */
  Optional<IdleTimeoutResult> result() {
    return Optional.ofNullable(result);
  }

  /** How long an idle connection was found to live so far. */
  Duration aliveAt() {
    return Duration.ofNanos(lowerNanos());
  }

  /** How many connections still wait for their age. */
  int waiting() {
    return (int) idleProbes.stream().filter(IdleProbe::isPending).count();
  }

  private void onDue(IdleProbe idleProbe, long nowNanos) {
    switch (idleProbe.idleProbeState) {
      case PLANNED -> {
        idleProbe.idleProbeState = IdleProbe.IdleProbeState.OPENING;
        opened++;
        idleProbe.dueNanos = nowNanos + options.openWithin().toNanos();
        steps.add(new IdleProbeStep.OpenProbe(idleProbe.number));
      }
      case OPENING -> {
        idleProbe.idleProbeState = IdleProbe.IdleProbeState.NOT_OPENED;
        steps.add(new IdleProbeStep.CloseProbe(idleProbe.number));
      }
      case AGING -> {
        idleProbe.idleProbeState = IdleProbe.IdleProbeState.ASKED;
        idleProbe.askedNanos = nowNanos;
        idleProbe.dueNanos = nowNanos + answerNanos;
        steps.add(new IdleProbeStep.SendProbe(idleProbe.number));
      }
      case ASKED -> {
        // It stays open: its opener may look into it, and it may answer yet.
        end(idleProbe, IdleProbe.IdleProbeState.DIED, nowNanos, DisconnectKind.SILENCE);
        steps.add(new IdleProbeStep.ExamineDead(idleProbe.number));
      }
      default ->
          throw new IllegalStateException(
              "idle probe " + idleProbe.number + " is " + idleProbe.idleProbeState);
    }
  }

  private void end(
      IdleProbe idleProbe,
      IdleProbe.IdleProbeState idleProbeState,
      long nowNanos,
      DisconnectKind disconnectKind) {
    idleProbe.idleProbeState = idleProbeState;
    idleProbe.endedNanos = nowNanos;
    idleProbe.disconnectKind = disconnectKind;
  }

  private void decide(long nowNanos) {
    if (result != null) {
      return;
    }
    forgetStrays(nowNanos);
    if (strays() > MAX_STRAYS) {
      finish(IdleTimeoutResult.IdleTimeoutOutcome.UNSTEADY, nowNanos);
      return;
    }
    if (idleProbes.stream()
        .anyMatch(
            idleProbe ->
                idleProbe.isDead() && idleProbe.idleProbeState == IdleProbe.IdleProbeState.ENDED)) {
      decideOnEnds(nowNanos);
    } else {
      decideOnAnswers(nowNanos);
    }
  }

  private void decideOnAnswers(long nowNanos) {
    long lower = lowerNanos();
    IdleProbe first = firstDead();
    if (first == null) {
      if (!longBegun && lower >= LONG_AGES_AFTER) {
        beginLongAges(FIRST_LONG_AGE, nowNanos);
      } else if (waiting() == 0 && lower > 0 && lower < options.longest().toNanos() && !again) {
        // A death that a late answer took back had ended the search.
        again = true;
        beginLongAges(Math.min((long) (lower * LONG_RATIO), options.longest().toNanos()), nowNanos);
      } else if (waiting() == 0) {
        boolean known =
            idleProbes.stream()
                .anyMatch(idleProbe -> idleProbe.idleProbeState == IdleProbe.IdleProbeState.LIVED);
        finish(
            known
                ? IdleTimeoutResult.IdleTimeoutOutcome.KEPT
                : IdleTimeoutResult.IdleTimeoutOutcome.UNKNOWN,
            nowNanos);
      }
      return;
    }
    long upper = first.deadAgeNanos();
    idleProbes.stream().filter(idleProbe -> idleProbe.ageNanos >= upper).forEach(this::drop);
    if (waiting() > 0) {
      return;
    }
    boolean worthIt = upper <= FIRST_LONG_AGE && upper > NARROW * lower;
    if (worthIt && !refined) {
      refined = true;
      refine(Math.max(lower, SECOND / 8), upper, nowNanos);
    } else {
      finish(IdleTimeoutResult.IdleTimeoutOutcome.FORGOTTEN, nowNanos);
    }
  }

  /** Some ended without being asked: a timeout when they agree on the age. */
  private void decideOnEnds(long nowNanos) {
    List<IdleProbe> ended =
        idleProbes.stream()
            .filter(
                idleProbe ->
                    idleProbe.isDead()
                        && idleProbe.idleProbeState == IdleProbe.IdleProbeState.ENDED)
            .toList();
    long first = ended.stream().mapToLong(IdleProbe::deadAgeNanos).min().orElseThrow();
    long most = sameAgeNanos(first);
    List<IdleProbe> agreeing =
        ended.stream().filter(idleProbe -> idleProbe.deadAgeNanos() <= most).toList();
    if (agreeing.size() >= 2 && (confirming || atTheirOwnTimes(agreeing))) {
      finish(IdleTimeoutResult.IdleTimeoutOutcome.ENDED, nowNanos);
      return;
    }
    if (idleProbes.stream()
        .anyMatch(idleProbe -> idleProbe.isPending() && idleProbe.ageNanos > most)) {
      return; // what they do at that age will tell; if they outlive it, those were strays
    }
    if (!confirming) {
      confirming = true;
      for (int i = 0; i < 2; i++) {
        add(most + SECOND / 2, nowNanos);
      }
      onTimeout(nowNanos);
    } else if (waiting() == 0) {
      finish(IdleTimeoutResult.IdleTimeoutOutcome.UNSTEADY, nowNanos);
    }
  }

  /** Ends of a timeout are spread as the openings were, those of a restart come at one moment. */
  private static boolean atTheirOwnTimes(List<IdleProbe> ended) {
    return spread(ended.stream().mapToLong(IdleProbe::deadAgeNanos).toArray())
        < spread(
            ended.stream()
                .mapToLong(idleProbe -> idleProbe.endedNanos - ended.get(0).endedNanos)
                .toArray());
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
    for (IdleProbe idleProbe : idleProbes) {
      if (!idleProbe.isDead()) {
        continue;
      }
      long outlived = sameAgeNanos(idleProbe.deadAgeNanos());
      boolean olderLives =
          idleProbes.stream()
              .anyMatch(
                  other ->
                      other.idleProbeState == IdleProbe.IdleProbeState.AGING
                          && idleProbe.idleProbeState == IdleProbe.IdleProbeState.ENDED
                          && nowNanos - other.readyNanos > outlived);
      if (idleProbe.deadAgeNanos() <= lower || olderLives) {
        idleProbe.stray = true;
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
    if (idleProbes.size() >= MAX_PROBES) {
      return;
    }
    if (nextOpeningNanos - nowNanos < 0) {
      nextOpeningNanos = nowNanos;
    }
    idleProbes.add(new IdleProbe(idleProbes.size() + 1, ageNanos, nextOpeningNanos));
    nextOpeningNanos += options.stagger().toNanos();
  }

  private void drop(IdleProbe idleProbe) {
    if (idleProbe.isPending()) {
      if (idleProbe.idleProbeState != IdleProbe.IdleProbeState.PLANNED) {
        steps.add(new IdleProbeStep.CloseProbe(idleProbe.number));
      }
      idleProbe.idleProbeState = IdleProbe.IdleProbeState.DROPPED;
    }
  }

  private void finish(IdleTimeoutResult.IdleTimeoutOutcome idleTimeoutOutcome, long nowNanos) {
    IdleProbe first = firstDead();
    idleProbes.forEach(this::drop);
    result =
        new IdleTimeoutResult(
            idleTimeoutOutcome,
            aliveAt(),
            Optional.ofNullable(first).map(idleProbe -> Duration.ofNanos(idleProbe.deadAgeNanos())),
            Optional.ofNullable(first).map(idleProbe -> idleProbe.disconnectKind),
            opened,
            (int)
                idleProbes.stream()
                    .filter(r -> r.idleProbeState == IdleProbe.IdleProbeState.NOT_OPENED)
                    .count(),
            strays(),
            Duration.ofNanos(nowNanos - startedNanos));
  }

  private long lowerNanos() {
    return idleProbes.stream()
        .filter(idleProbe -> idleProbe.idleProbeState == IdleProbe.IdleProbeState.LIVED)
        .mapToLong(idleProbe -> idleProbe.ageNanos)
        .max()
        .orElse(0);
  }

  private @Nullable IdleProbe firstDead() {
    return idleProbes.stream()
        .filter(IdleProbe::isDead)
        .min(Comparator.comparingLong(IdleProbe::deadAgeNanos))
        .orElse(null);
  }

  private int strays() {
    return (int) idleProbes.stream().filter(idleProbe -> idleProbe.stray).count();
  }

  private static long sameAgeNanos(long ageNanos) {
    return (long) (ageNanos * SAME_AGE) + SECOND / 2;
  }

  private IdleProbe probe(int number) {
    return idleProbes.get(number - 1);
  }
}
