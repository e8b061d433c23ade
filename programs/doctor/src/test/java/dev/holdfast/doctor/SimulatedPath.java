package dev.holdfast.doctor;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;

/** A path under virtual time that does to the connections of a plan what a test wants. */
final class SimulatedPath {
  /** What a path does to one connection. */
  interface Behaviour {
    /** When an idle connection ends by itself, after it was ready at a time; empty: it does not. */
    default Optional<Duration> endsAt(Duration readyAt) {
      return Optional.empty();
    }

    /** How a connection that was idle for so long answers; empty: it lives. */
    Optional<DisconnectKind> answer(int probe, Duration idle);

    default Duration roundTrip() {
      return Duration.ofMillis(20);
    }

    default boolean opens(int probe) {
      return true;
    }

    /** How late the next timer comes, and with it all that happens meanwhile. */
    default Duration standstill() {
      return Duration.ZERO;
    }
  }

  private record Event(long atNanos, int order, Runnable task) {}

  // Shortly before the overflow, so that code that compares nanos with < fails.
  private static final long ORIGIN = Long.MAX_VALUE - Duration.ofSeconds(3).toNanos();
  private static final int MAX_EVENTS = 10_000;

  private final Behaviour behaviour;
  private final IdleTimeoutSearch plan;
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          (a, b) ->
              a.atNanos != b.atNanos
                  ? Long.compare(a.atNanos, b.atNanos)
                  : Integer.compare(a.order, b.order));
  private final Map<Integer, Long> readyAt = new HashMap<>();
  private long nowNanos;
  private int order;

  SimulatedPath(Behaviour behaviour, IdleTimeoutSearchOptions options) {
    this.behaviour = behaviour;
    plan = new IdleTimeoutSearch(options, ORIGIN);
  }

  static IdleTimeoutResult search(Behaviour behaviour, Duration longest) {
    return new SimulatedPath(
            behaviour,
            new IdleTimeoutSearchOptions(
                longest, Duration.ofMillis(1500), Duration.ofSeconds(10), Duration.ofMillis(100)))
        .run();
  }

  IdleTimeoutResult run() {
    act();
    for (int i = 0; i < MAX_EVENTS; i++) {
      Optional<IdleTimeoutResult> result = plan.result();
      if (result.isPresent()) {
        return result.get();
      }
      long due = plan.nextDeadlineNanos().orElseThrow() - ORIGIN;
      Event next = events.peek();
      if (next != null && next.atNanos <= due) {
        events.poll();
        nowNanos = Math.max(nowNanos, next.atNanos);
        next.task.run();
      } else {
        nowNanos = Math.max(nowNanos, due + behaviour.standstill().toNanos());
        plan.onTimeout(now());
      }
      act();
    }
    throw new AssertionError("no result after " + MAX_EVENTS + " events");
  }

  private void act() {
    for (IdleProbeStep step : plan.takeSteps()) {
      int probe = step.probe();
      long roundTrip = behaviour.roundTrip().toNanos();
      if (step instanceof IdleProbeStep.OpenProbe) {
        after(
            3 * roundTrip,
            () -> {
              if (behaviour.opens(probe)) {
                opened(probe);
              } else {
                plan.onEnd(now(), probe, DisconnectKind.RESET);
              }
            });
      } else if (step instanceof IdleProbeStep.SendProbe) {
        Duration idle = Duration.ofNanos(nowNanos - readyAt.getOrDefault(probe, 0L));
        Optional<DisconnectKind> end = behaviour.answer(probe, idle);
        if (end.isEmpty()) {
          after(roundTrip, () -> plan.onAnswer(now(), probe));
        } else if (end.get() != DisconnectKind.SILENCE) {
          after(roundTrip, () -> plan.onEnd(now(), probe, end.get()));
        }
      }
    }
  }

  private void opened(int probe) {
    readyAt.put(probe, nowNanos);
    plan.onReady(now(), probe);
    behaviour
        .endsAt(Duration.ofNanos(nowNanos))
        .ifPresent(
            age -> after(age.toNanos(), () -> plan.onEnd(now(), probe, DisconnectKind.CLOSE)));
  }

  private void after(long nanos, Runnable task) {
    events.add(new Event(nowNanos + nanos, order++, task));
  }

  private long now() {
    return ORIGIN + nowNanos;
  }
}
