package dev.holdfast.doctor;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The execution of a {@link LadderPlan} on real connections. Confined to the event loop. */
final class LadderClimb {
  private static final Duration STAGGER = Duration.ofMillis(100);
  private static final Duration AUTOPSY = Duration.ofSeconds(1);
  private static final Duration STATUS_EVERY = Duration.ofSeconds(1);

  private final Ward ward;
  private final WireTarget target;
  private final boolean hopErrorIsNormal;
  private final LadderPlan plan;
  private final Map<Integer, Climber> climbers = new HashMap<>();
  private final CompletableFuture<LadderResult> done = new CompletableFuture<>();
  private int autopsies;
  private long armedNanos;
  private boolean armed;

  LadderClimb(Ward ward, WireTarget target, Answer baseline) {
    this.ward = ward;
    this.target = target;
    hopErrorIsNormal = baseline.isHopError();
    Duration patience = Ward.patience(baseline.took());
    plan =
        new LadderPlan(
            new LadderOptions(
                ward.options.maxWait(), patience, Wires.CONNECT_WITHIN.plus(patience), STAGGER),
            System.nanoTime());
  }

  CompletableFuture<LadderResult> run() {
    act();
    status();
    return done;
  }

  /** Ends the climb with what is known. */
  void stop() {
    plan.stop(System.nanoTime());
    act();
  }

  private void act() {
    for (LadderStep step : plan.takeSteps()) {
      if (step instanceof LadderStep.Open open) {
        Climber climber = new Climber(open.rung());
        climbers.put(open.rung(), climber);
        climber.wire = ward.wires.open(target, climber).wire();
      } else {
        Climber climber = Objects.requireNonNull(climbers.get(step.rung()));
        if (step instanceof LadderStep.Probe) {
          climber.ask();
        } else if (step instanceof LadderStep.Autopsy) {
          climber.autopsy();
        } else {
          climber.leave();
        }
      }
    }
    Optional<LadderResult> result = plan.result();
    if (result.isPresent() && autopsies == 0) {
      ward.progress.onStatus("");
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
                ward.after(Duration.ofNanos(due - System.nanoTime()), () -> onTime(due));
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
      ward.progress.onStatus(
          "alive after %s idle; waiting connections: %d; %s of at most about %s"
              .formatted(
                  Ward.time(plan.aliveAt()),
                  plan.waiting(),
                  Ward.time(ward.elapsed()),
                  Ward.time(ward.options.maxWait().plusSeconds(20))));
      ward.after(STATUS_EVERY, this::status);
    }
  }

  /** The connection of one rung of the ladder. */
  private final class Climber implements Wire.Listener {
    private final int rung;
    private Wire wire;
    private long idleSinceNanos;
    private Duration askedAfter = Duration.ZERO;
    private boolean written;

    @SuppressWarnings("NullAway.Init") // the wire needs its listener first
    Climber(int rung) {
      this.rung = rung;
    }

    @Override
    public void onReady(Wire ready) {
      ready.call(
          Ward.HARMLESS_METHOD,
          answer -> {
            idleSinceNanos = System.nanoTime();
            plan.onReady(idleSinceNanos, rung);
            act();
          });
    }

    @Override
    public void onEnd(Wire ended, Ending ending) {
      if (idleSinceNanos != 0) {
        write(Optional.of(ending));
        ward.say("idle for " + Ward.time(idle()) + ": " + ending.words() + goAwayText(ended));
      }
      plan.onEnd(System.nanoTime(), rung, ending);
      act();
    }

    void ask() {
      Duration idle = idle();
      askedAfter = idle;
      wire.call(
          Ward.HARMLESS_METHOD,
          answer -> {
            if (answer.isHopError() && !hopErrorIsNormal) {
              ward.say("idle for " + Ward.time(idle) + ": " + answer.words() + " of a hop");
              write(Optional.of(Ending.HOP_ERROR), idle);
              wire.close();
              plan.onEnd(System.nanoTime(), rung, Ending.HOP_ERROR);
            } else {
              ward.say("idle for " + Ward.time(idle) + ": alive");
              write(Optional.empty(), idle);
              plan.onAnswer(System.nanoTime(), rung);
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
      Optional<Boolean> acknowledged = wire.unacknowledged().map(missing -> !missing);
      boolean[] answered = {false};
      wire.ping(() -> answered[0] = true);
      ward.after(
          AUTOPSY,
          () -> {
            autopsies--;
            if (!written) {
              written = true;
              ward.evidence.add(
                  ConnectionEvidence.of(
                          ConnectionEvidence.Role.LADDER,
                          askedAfter,
                          wire,
                          Optional.of(Ending.SILENCE))
                      .withAutopsy(acknowledged, answered[0]));
              ward.say(
                  "idle for "
                      + Ward.time(askedAfter)
                      + ": silence"
                      + (answered[0] ? ", but a PING is answered" : ""));
            }
            wire.close();
            act();
          });
    }

    void leave() {
      if (idleSinceNanos != 0) {
        write(Optional.empty());
      }
      wire.close();
    }

    private void write(Optional<Ending> ending) {
      write(ending, idle());
    }

    private void write(Optional<Ending> ending, Duration idle) {
      if (!written) {
        written = true;
        ward.evidence.add(
            ConnectionEvidence.of(ConnectionEvidence.Role.LADDER, idle, wire, ending));
      }
    }

    private Duration idle() {
      return Duration.ofNanos(System.nanoTime() - idleSinceNanos);
    }

    private static String goAwayText(Wire wire) {
      return wire.goAway().map(goAway -> " (" + goAway + ")").orElse("");
    }
  }
}
