package dev.holdfast.doctor;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The execution of a {@link IdleTimeoutSearch} on real connections. Confined to the event loop. */
final class IdleTimeoutSearchRunner {
  private static final Duration STAGGER = Duration.ofMillis(100);
  private static final Duration AUTOPSY = Duration.ofSeconds(1);
  private static final Duration STATUS_EVERY = Duration.ofSeconds(1);

  private final ExaminationContext examinationContext;
  private final ProbeTarget target;
  private final boolean hopErrorIsNormal;
  private final IdleTimeoutSearch plan;
  private final Map<Integer, ProbedConnection> connections = new HashMap<>();
  private final CompletableFuture<IdleTimeoutResult> done = new CompletableFuture<>();
  private int autopsies;
  private long armedNanos;
  private boolean armed;

  IdleTimeoutSearchRunner(
      ExaminationContext examinationContext, ProbeTarget target, ProbeResponse baseline) {
    this.examinationContext = examinationContext;
    this.target = target;
    hopErrorIsNormal = baseline.isHopError();
    Duration patience = ExaminationContext.responseTimeout(baseline.took());
    plan =
        new IdleTimeoutSearch(
            new IdleTimeoutSearchOptions(
                examinationContext.options.maxWait(),
                patience,
                ProbeConnections.CONNECT_WITHIN.plus(patience),
                STAGGER),
            System.nanoTime());
  }

  CompletableFuture<IdleTimeoutResult> run() {
    act();
    status();
    return done;
  }

  /** Ends the search with the results so far. */
  void stop() {
    plan.stop(System.nanoTime());
    act();
  }

  private void act() {
    for (IdleProbeStep step : plan.takeSteps()) {
      if (step instanceof IdleProbeStep.OpenProbe openProbe) {
        ProbedConnection connection = new ProbedConnection(openProbe.probe());
        connections.put(openProbe.probe(), connection);
        connection.probeConnection =
            examinationContext.connections.open(target, connection).probeConnection();
      } else {
        ProbedConnection connection = Objects.requireNonNull(connections.get(step.probe()));
        if (step instanceof IdleProbeStep.SendProbe) {
          connection.ask();
        } else if (step instanceof IdleProbeStep.ExamineDead) {
          connection.autopsy();
        } else {
          connection.leave();
        }
      }
    }
    Optional<IdleTimeoutResult> result = plan.result();
    if (result.isPresent() && autopsies == 0) {
      examinationContext.progress.onStatus("");
      done.complete(result.get());
    } else {
      arm();
    }
  }

  private void arm() {
    plan.nextDeadlineNanos()
        .ifPresent(
            due -> {
              if (!armed || due - armedNanos < 0) {
                armed = true;
                armedNanos = due;
                examinationContext.after(
                    Duration.ofNanos(due - System.nanoTime()), () -> onTime(due));
              }
            });
  }

  private void onTime(long due) {
    if (armed && armedNanos == due) {
      armed = false;
    }
    plan.onTimeout(System.nanoTime());
    act();
  }

  private void status() {
    if (!done.isDone()) {
      examinationContext.progress.onStatus(
          "alive after %s idle; waiting connections: %d; %s of at most about %s"
              .formatted(
                  ExaminationContext.time(plan.aliveAt()),
                  plan.waiting(),
                  ExaminationContext.time(examinationContext.elapsed()),
                  ExaminationContext.time(examinationContext.options.maxWait().plusSeconds(20))));
      examinationContext.after(STATUS_EVERY, this::status);
    }
  }

  /** The connection of one probe of the search. */
  private final class ProbedConnection implements ProbeConnection.ProbeConnectionListener {
    private final int probe;
    private ProbeConnection probeConnection;
    private long idleSinceNanos;
    private Duration askedAfter = Duration.ZERO;
    private boolean written;

    @SuppressWarnings("NullAway.Init") // the wire needs its listener first
    ProbedConnection(int probe) {
      this.probe = probe;
    }

    @Override
    public void onReady(ProbeConnection ready) {
      ready.call(
          ExaminationContext.PROBE_METHOD,
          probeResponse -> {
            idleSinceNanos = System.nanoTime();
            plan.onReady(idleSinceNanos, probe);
            act();
          });
    }

    @Override
    public void onEnd(ProbeConnection ended, DisconnectKind disconnectKind) {
      if (idleSinceNanos != 0) {
        write(Optional.of(disconnectKind));
        examinationContext.report(
            "idle for "
                + ExaminationContext.time(idle())
                + ": "
                + disconnectKind.words()
                + goAwayText(ended));
      }
      plan.onEnd(System.nanoTime(), probe, disconnectKind);
      act();
    }

    void ask() {
      Duration idle = idle();
      askedAfter = idle;
      probeConnection.call(
          ExaminationContext.PROBE_METHOD,
          probeResponse -> {
            if (probeResponse.isHopError() && !hopErrorIsNormal) {
              examinationContext.report(
                  "idle for "
                      + ExaminationContext.time(idle)
                      + ": "
                      + probeResponse.words()
                      + " of a hop");
              write(Optional.of(DisconnectKind.HOP_ERROR), idle);
              probeConnection.close();
              plan.onEnd(System.nanoTime(), probe, DisconnectKind.HOP_ERROR);
            } else {
              examinationContext.report("idle for " + ExaminationContext.time(idle) + ": alive");
              write(Optional.empty(), idle);
              plan.onAnswer(System.nanoTime(), probe);
            }
            act();
          });
    }

    /**
     * Examines a connection that did not answer: whether the next hop's TCP acknowledged the
     * request, and whether a PING is answered.
     */
    void autopsy() {
      autopsies++;
      Optional<Boolean> acknowledged = probeConnection.unacknowledged().map(missing -> !missing);
      boolean[] answered = {false};
      probeConnection.ping(() -> answered[0] = true);
      examinationContext.after(
          AUTOPSY,
          () -> {
            autopsies--;
            if (!written) {
              written = true;
              examinationContext.evidence.add(
                  ConnectionEvidence.of(
                          ConnectionEvidence.ProbeConnectionRole.IDLE_SEARCH,
                          askedAfter,
                          probeConnection,
                          Optional.of(DisconnectKind.SILENCE))
                      .withDeadConnectionChecks(acknowledged, answered[0]));
              examinationContext.report(
                  "idle for "
                      + ExaminationContext.time(askedAfter)
                      + ": silence"
                      + (answered[0] ? ", but a PING is answered" : ""));
            }
            probeConnection.close();
            act();
          });
    }

    void leave() {
      if (idleSinceNanos != 0) {
        write(Optional.empty());
      }
      probeConnection.close();
    }

    private void write(Optional<DisconnectKind> disconnectKind) {
      write(disconnectKind, idle());
    }

    private void write(Optional<DisconnectKind> disconnectKind, Duration idle) {
      if (!written) {
        written = true;
        examinationContext.evidence.add(
            ConnectionEvidence.of(
                ConnectionEvidence.ProbeConnectionRole.IDLE_SEARCH,
                idle,
                probeConnection,
                disconnectKind));
      }
    }

    private Duration idle() {
      return Duration.ofNanos(System.nanoTime() - idleSinceNanos);
    }

    private static String goAwayText(ProbeConnection probeConnection) {
      return probeConnection
          .receivedGoAway()
          .map(receivedGoAway -> " (" + receivedGoAway + ")")
          .orElse("");
    }
  }
}
