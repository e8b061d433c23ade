package dev.holdfast.doctor;

import dev.holdfast.doctor.ConnectionEvidence.ProbeConnectionRole;
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
  private static final Duration OPEN_WITHIN = ProbeConnections.CONNECT_WITHIN.plusSeconds(5);

  /** A PING at this part of the time a connection lives is in time. */
  private static final double EARLY = 0.8;

  private static final Duration LEAST_AGE = Duration.ofMillis(500);

  /**
   * One connection that lives proves that PINGs count. One that ends does not prove the opposite: a
   * PING that a busy machine sends or passes on too late ends it as well.
   */
  private static final int TRIALS = 3;

  private final ExaminationContext examinationContext;
  private final ProbeTarget target;
  private final Duration patience;

  PingTrials(ExaminationContext examinationContext, ProbeTarget target, ProbeResponse baseline) {
    this.examinationContext = examinationContext;
    this.target = target;
    patience = ExaminationContext.responseTimeout(baseline.took());
  }

  /** Whether a PING starts the idle time of a path anew, which it is known to have. */
  CompletableFuture<PingResult> counts(IdleTimeoutResult idle, Duration budget) {
    Duration alive = idle.aliveAt();
    Duration dead = idle.deadAt().orElse(alive);
    if (idle.outcome() == IdleTimeoutResult.IdleTimeoutOutcome.ENDED) {
      alive = Duration.ofNanos((long) (dead.toNanos() * 0.95));
    }
    Duration gap = Duration.ofNanos((long) (alive.toNanos() * EARLY));
    int pings = gap.multipliedBy(2).compareTo(dead) > 0 ? 1 : 2;
    Duration needed = gap.multipliedBy(pings + 1L).plus(patience);
    if (alive.compareTo(LEAST_AGE) < 0 || gap.multipliedBy(pings + 1L).compareTo(dead) <= 0) {
      return unknown("the idle timeout is too short to try");
    }
    if (needed.compareTo(budget) > 0) {
      return unknown(
          "trying takes " + ExaminationContext.time(needed) + ", more than --max-wait leaves");
    }
    examinationContext.report(
        "does a PING count as traffic? " + ExaminationContext.time(needed) + " to find out");
    Duration end = examinationContext.elapsed().plus(budget);
    return tried(gap, pings, needed, end, 1)
        .whenComplete(
            (result, failure) -> {
              if (result != null && result.counts().isPresent()) {
                examinationContext.report(
                    result.counts().get()
                        ? "PINGs count as traffic"
                        : "PINGs do not count as traffic");
              }
            });
  }

  /** A trial, and another one as long as connections end and there is time before {@code end}. */
  private CompletableFuture<PingResult> tried(
      Duration gap, int pings, Duration needed, Duration end, int ordinal) {
    Counting trial = new Counting(gap, pings);
    trial.probeConnection = examinationContext.connections.open(target, trial).probeConnection();
    examinationContext.after(
        needed.plus(OPEN_WITHIN), () -> trial.unknown("the connection could not be used"));
    return trial.done.thenCompose(
        result -> {
          boolean ended = result.counts().equals(Optional.of(false));
          boolean hasTime = examinationContext.elapsed().plus(needed).compareTo(end) <= 0;
          if (!ended || !hasTime || ordinal == TRIALS) {
            return CompletableFuture.completedFuture(result);
          }
          examinationContext.report("the connection ended in spite of PINGs: once more");
          return tried(gap, pings, needed, end, ordinal + 1);
        });
  }

  /** Whether the server ends a connection that pings a lot. May cost that connection. */
  CompletableFuture<PingResult> punished(PingResult known) {
    examinationContext.report(
        "does the server punish PINGs? The last connection finds out, and may get a GOAWAY");
    Punishment trial = new Punishment(known);
    trial.probeConnection = examinationContext.connections.open(target, trial).probeConnection();
    examinationContext.after(OPEN_WITHIN, trial::finish);
    return trial.done;
  }

  private static CompletableFuture<PingResult> unknown(String why) {
    return CompletableFuture.completedFuture(PingResult.UNKNOWN.withCounts(Optional.empty(), why));
  }

  /** The connection of the counting probe, which is idle except for its PINGs. */
  private final class Counting implements ProbeConnection.ProbeConnectionListener {
    private final CompletableFuture<PingResult> done = new CompletableFuture<>();
    private final Duration gap;
    private final int pings;
    private ProbeConnection probeConnection;
    private boolean idle;

    @SuppressWarnings("NullAway.Init") // the wire needs its listener first
    Counting(Duration gap, int pings) {
      this.gap = gap;
      this.pings = pings;
    }

    @Override
    public void onReady(ProbeConnection ready) {
      ready.call(
          ExaminationContext.PROBE_METHOD,
          probeResponse -> {
            idle = true;
            for (int i = 1; i <= pings; i++) {
              examinationContext.after(gap.multipliedBy(i), () -> probeConnection.ping(() -> {}));
            }
            examinationContext.after(gap.multipliedBy(pings + 1L), this::ask);
          });
    }

    @Override
    public void onEnd(ProbeConnection ended, DisconnectKind disconnectKind) {
      if (idle) {
        finish(false, Optional.of(disconnectKind));
      } else {
        unknown("the connection could not be used");
      }
    }

    void unknown(String why) {
      probeConnection.close();
      done.complete(PingResult.UNKNOWN.withCounts(Optional.empty(), why));
    }

    private void ask() {
      probeConnection.call(
          ExaminationContext.PROBE_METHOD,
          probeResponse ->
              finish(
                  !probeResponse.isHopError(),
                  probeResponse.isHopError()
                      ? Optional.of(DisconnectKind.HOP_ERROR)
                      : Optional.empty()));
      examinationContext.after(patience, () -> finish(false, Optional.of(DisconnectKind.SILENCE)));
    }

    private void finish(boolean counts, Optional<DisconnectKind> disconnectKind) {
      if (!done.isDone()) {
        examinationContext.evidence.add(
            ConnectionEvidence.of(
                ProbeConnectionRole.PING_COUNTS,
                gap.multipliedBy(pings + 1L),
                probeConnection,
                disconnectKind));
        probeConnection.close();
        done.complete(PingResult.UNKNOWN.withCounts(Optional.of(counts), ""));
      }
    }
  }

  /**
   * The connection of the punishment probe, which sends PINGs without a call until the server ends
   * it.
   */
  private final class Punishment implements ProbeConnection.ProbeConnectionListener {
    private final CompletableFuture<PingResult> done = new CompletableFuture<>();
    private final PingResult known;
    private ProbeConnection probeConnection;
    private boolean ready;
    private int sent;
    private int answered;

    @SuppressWarnings("NullAway.Init") // the wire needs its listener first
    Punishment(PingResult known) {
      this.known = known;
    }

    @Override
    public void onReady(ProbeConnection opened) {
      ready = true;
      next();
    }

    @Override
    public void onEnd(ProbeConnection ended, DisconnectKind disconnectKind) {
      complete(sent > 0, Optional.of(disconnectKind));
    }

    void finish() {
      complete(false, Optional.empty());
    }

    private void next() {
      if (probeConnection.isEnded()) {
        return;
      }
      if (sent == MANY) {
        examinationContext.after(LAST_WORD, this::finish);
        return;
      }
      sent++;
      probeConnection.ping(() -> answered++);
      examinationContext.after(BETWEEN, this::next);
    }

    private void complete(boolean punished, Optional<DisconnectKind> disconnectKind) {
      if (done.isDone()) {
        return;
      }
      Optional<ReceivedGoAway> told = probeConnection.receivedGoAway();
      examinationContext.evidence.add(
          ConnectionEvidence.of(
              ProbeConnectionRole.PING_PUNISHED, Duration.ZERO, probeConnection, disconnectKind));
      probeConnection.close();
      if (!ready) {
        done.complete(known);
        return;
      }
      examinationContext.report(
          punished
              ? "the server punishes PINGs: "
                  + told.map(ReceivedGoAway::toString).orElse("it ended the connection")
                  + " after "
                  + sent
              : "the server tolerates PINGs: " + answered + " of " + sent + " answered");
      done.complete(known.withPunished(punished, sent, answered, told));
    }
  }
}
