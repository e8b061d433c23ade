package dev.holdfast.doctor;

import dev.holdfast.doctor.ConnectionEvidence.Role;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The probes with PINGs. The first tests whether PINGs count as traffic, with one or two PINGs on a
 * connection, which no server punishes. The last tests, on a further connection, whether the server
 * punishes many PINGs. Confined to the event loop.
 */
final class PingTrials {
  /** The third PING is the one that a strict server punishes; two more make sure. */
  private static final int MANY = 5;

  private static final Duration BETWEEN = Duration.ofMillis(200);
  private static final Duration LAST_WORD = Duration.ofSeconds(1);
  private static final Duration OPEN_WITHIN = Wires.CONNECT_WITHIN.plusSeconds(5);

  /** A PING at this part of the time a connection lives is in time. */
  private static final double EARLY = 0.8;

  private static final Duration LEAST_AGE = Duration.ofMillis(500);

  private final Ward ward;
  private final WireTarget target;
  private final Duration patience;

  PingTrials(Ward ward, WireTarget target, Answer baseline) {
    this.ward = ward;
    this.target = target;
    patience = Ward.patience(baseline.took());
  }

  /** Whether a PING starts the idle time of a path anew, which it is known to have. */
  CompletableFuture<PingResult> counts(LadderResult idle, Duration budget) {
    Duration alive = idle.aliveAt();
    Duration dead = idle.deadAt().orElse(alive);
    if (idle.outcome() == LadderResult.Outcome.ENDED) {
      alive = Duration.ofNanos((long) (dead.toNanos() * 0.95));
    }
    Duration gap = Duration.ofNanos((long) (alive.toNanos() * EARLY));
    int pings = gap.multipliedBy(2).compareTo(dead) > 0 ? 1 : 2;
    Duration needed = gap.multipliedBy(pings + 1L).plus(patience);
    if (alive.compareTo(LEAST_AGE) < 0 || gap.multipliedBy(pings + 1L).compareTo(dead) <= 0) {
      return unknown("the idle timeout is too short to try");
    }
    if (needed.compareTo(budget) > 0) {
      return unknown("trying takes " + Ward.time(needed) + ", more than --max-wait leaves");
    }
    ward.say("does a PING count as traffic? " + Ward.time(needed) + " to find out");
    Counting trial = new Counting(gap, pings);
    trial.wire = ward.wires.open(target, trial).wire();
    ward.after(needed.plus(OPEN_WITHIN), () -> trial.unknown("the connection could not be used"));
    return trial.done;
  }

  /** Whether the server ends a connection that pings a lot. May cost that connection. */
  CompletableFuture<PingResult> punished(PingResult known) {
    ward.say("does the server punish PINGs? The last connection finds out, and may get a GOAWAY");
    Punishment trial = new Punishment(known);
    trial.wire = ward.wires.open(target, trial).wire();
    ward.after(OPEN_WITHIN, trial::finish);
    return trial.done;
  }

  private static CompletableFuture<PingResult> unknown(String why) {
    return CompletableFuture.completedFuture(PingResult.UNKNOWN.withCounts(Optional.empty(), why));
  }

  /** The connection of the counting probe, which is idle except for its PINGs. */
  private final class Counting implements Wire.Listener {
    private final CompletableFuture<PingResult> done = new CompletableFuture<>();
    private final Duration gap;
    private final int pings;
    private Wire wire;
    private boolean idle;

    @SuppressWarnings("NullAway.Init") // the wire needs its listener first
    Counting(Duration gap, int pings) {
      this.gap = gap;
      this.pings = pings;
    }

    @Override
    public void onReady(Wire ready) {
      ready.call(
          Ward.HARMLESS_METHOD,
          answer -> {
            idle = true;
            for (int i = 1; i <= pings; i++) {
              ward.after(gap.multipliedBy(i), () -> wire.ping(() -> {}));
            }
            ward.after(gap.multipliedBy(pings + 1L), this::ask);
          });
    }

    @Override
    public void onEnd(Wire ended, Ending ending) {
      if (idle) {
        finish(false, Optional.of(ending));
      } else {
        unknown("the connection could not be used");
      }
    }

    void unknown(String why) {
      wire.close();
      done.complete(PingResult.UNKNOWN.withCounts(Optional.empty(), why));
    }

    private void ask() {
      wire.call(
          Ward.HARMLESS_METHOD,
          answer ->
              finish(
                  !answer.isHopError(),
                  answer.isHopError() ? Optional.of(Ending.HOP_ERROR) : Optional.empty()));
      ward.after(patience, () -> finish(false, Optional.of(Ending.SILENCE)));
    }

    private void finish(boolean counts, Optional<Ending> ending) {
      if (!done.isDone()) {
        ward.say(counts ? "PINGs count as traffic" : "PINGs do not count as traffic");
        ward.evidence.add(
            ConnectionEvidence.of(Role.PING_COUNTS, gap.multipliedBy(pings + 1L), wire, ending));
        wire.close();
        done.complete(PingResult.UNKNOWN.withCounts(Optional.of(counts), ""));
      }
    }
  }

  /**
   * The connection of the punishment probe, which sends PINGs without a call until the server ends
   * it.
   */
  private final class Punishment implements Wire.Listener {
    private final CompletableFuture<PingResult> done = new CompletableFuture<>();
    private final PingResult known;
    private Wire wire;
    private boolean ready;
    private int sent;
    private int answered;

    @SuppressWarnings("NullAway.Init") // the wire needs its listener first
    Punishment(PingResult known) {
      this.known = known;
    }

    @Override
    public void onReady(Wire opened) {
      ready = true;
      next();
    }

    @Override
    public void onEnd(Wire ended, Ending ending) {
      complete(sent > 0, Optional.of(ending));
    }

    void finish() {
      complete(false, Optional.empty());
    }

    private void next() {
      if (wire.isEnded()) {
        return;
      }
      if (sent == MANY) {
        ward.after(LAST_WORD, this::finish);
        return;
      }
      sent++;
      wire.ping(() -> answered++);
      ward.after(BETWEEN, this::next);
    }

    private void complete(boolean punished, Optional<Ending> ending) {
      if (done.isDone()) {
        return;
      }
      Optional<GoAway> told = wire.goAway();
      ward.evidence.add(ConnectionEvidence.of(Role.PING_PUNISHED, Duration.ZERO, wire, ending));
      wire.close();
      if (!ready) {
        done.complete(known);
        return;
      }
      ward.say(
          punished
              ? "the server punishes PINGs: "
                  + told.map(GoAway::toString).orElse("it ended the connection")
                  + " after "
                  + sent
              : "the server tolerates PINGs: " + answered + " of " + sent + " answered");
      done.complete(known.withPunished(punished, sent, answered, told));
    }
  }
}
