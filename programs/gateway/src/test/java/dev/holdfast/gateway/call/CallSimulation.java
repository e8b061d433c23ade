package dev.holdfast.gateway.call;

import dev.holdfast.core.testkit.VirtualScheduler;
import dev.holdfast.gateway.headers.GrpcTimeout;
import dev.holdfast.gateway.headers.LocalReplyStatus;
import dev.holdfast.gateway.route.RetryPolicy;
import dev.holdfast.gateway.traffic.CallEndReason;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * One schedule of events, made from a seed, against the machine of one call under virtual time;
 * {@link SimulatedEffects} checks it.
 */
final class CallSimulation {
  /** Makes the machine of a call; tests hand in broken ones. */
  interface MachineFactory {
    CallStateMachine<SimulatedAnswer, Integer> create(
        CallEffects<SimulatedAnswer, Integer> effects, boolean grpc);
  }

  /** Rare things that the schedules must reach now and then, or they prove little. */
  enum Marker {
    ANSWERED,
    BUDGET_SPENT,
    CLIENT_GONE,
    CLOSED_WHILE_SENDING,
    CONNECTION_WAIT_OVER,
    DEADLINE,
    DROPPED,
    LATE_EVENT,
    LOST_AFTER_RESPONSE,
    OVERFLOWN,
    REFUSED,
    RETRIED,
    RETRIED_ON_STATUS,
    TOO_OLD,
    UNOPENED
  }

  private static final int BYTES = 100;
  private static final Duration LONGER_THAN_ANY_TIMER = Duration.ofMinutes(3);

  final SplittableRandom random;
  final Map<Marker, Integer> reached = new EnumMap<>(Marker.class);
  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final List<String> trace = new ArrayList<>();
  private final SimulatedEffects effects;
  private final SimulatedUpstream upstream;
  private final CallStateMachine<SimulatedAnswer, Integer> machine;
  private int depth;

  CallSimulation(long seed, MachineFactory machines) {
    random = new SplittableRandom(seed);
    Set<GrpcStatusCode> statuses = chance(3) ? Set.of() : Set.of(GrpcStatusCode.UNAVAILABLE);
    RetryPolicy policy =
        new RetryPolicy(1 + random.nextInt(RetryPolicy.MAX_ATTEMPTS), chance(3), statuses);
    effects = new SimulatedEffects(this, scheduler, policy);
    upstream = new SimulatedUpstream(this, effects);
    machine = machines.create(effects, !chance(5));
    note(policy.toString());
  }

  /** Runs the schedule; a broken guarantee is thrown as an {@link AssertionError}. */
  void run() {
    try {
      if (!chance(20)) {
        long timeout = timeoutNanos();
        Duration age = chance(4) ? Duration.ofMillis(1 + random.nextInt(30_000)) : Duration.ZERO;
        later(0, "routed", () -> route(timeout, age));
      }
      int events = 3 + random.nextInt(25);
      for (int i = 0; i < events; i++) {
        later(0, "event", this::event);
        scheduler.advance(pause());
      }
      scheduler.advance(LONGER_THAN_ANY_TIMER);
      later(0, "client gone", machine::onClientGone);
      scheduler.advance(LONGER_THAN_ANY_TIMER);
      if (!machine.isOver()) {
        throw broken(CallGuarantee.CALL_ENDS_ONCE, "never ends");
      }
    } catch (IllegalStateException e) {
      AssertionError found = broken(CallGuarantee.CALL_ENDS_ONCE, String.valueOf(e.getMessage()));
      found.addSuppressed(e);
      throw found;
    }
  }

  CallStateMachine<SimulatedAnswer, Integer> machine() {
    return machine;
  }

  SimulatedUpstream upstream() {
    return upstream;
  }

  long nowNanos() {
    return scheduler.virtualClock().elapsed().toNanos();
  }

  boolean chance(int oneIn) {
    return random.nextInt(oneIn) == 0;
  }

  void mark(Marker marker) {
    reached.merge(marker, 1, Integer::sum);
  }

  void note(String what) {
    trace.add(scheduler.virtualClock().elapsed() + " " + what);
  }

  AssertionError broken(CallGuarantee guarantee, String otherwise) {
    return new AssertionError(
        "guarantee " + guarantee + " broken: " + otherwise + "\n  " + String.join("\n  ", trace));
  }

  /** Runs a task, and checks what it left behind unless another task goes on. */
  void step(String what, Runnable task) {
    note(what + " in " + machine.state());
    depth++;
    task.run();
    depth--;
    if (depth == 0) {
      note("-> " + machine.state());
      effects.afterEvent(machine);
    }
  }

  /** The call looks for an endpoint: the answer comes at once, later or never. */
  void search() {
    int millis = random.nextInt(3_000);
    switch (random.nextInt(20)) {
      case 0, 1, 2, 3, 4, 5 -> onConnection();
      case 6, 7 -> onNoConnection(true);
      case 8 -> onNoConnection(false);
      case 9, 10 -> later(millis, "none yet", () -> onNoConnection(true));
      case 11 -> note("no endpoint is ever found");
      default -> later(millis, "connection", this::onConnection);
    }
  }

  private void route(long timeout, Duration age) {
    if (timeout != 0) {
      effects.expectDeadline(timeout);
    }
    machine.onRouted(effects.policy, timeout, age);
  }

  private void onConnection() {
    if (isTold()) {
      effects.onFound(false);
      machine.onConnection(nowNanos());
    }
  }

  private void onNoConnection(boolean again) {
    if (isTold()) {
      effects.onFound(again);
      machine.onNoConnection("10.0.0.9:1", "refused", again);
    }
  }

  /** Queues skip calls that are over; one that does not must do no harm. */
  private boolean isTold() {
    return !machine.isOver() || chance(4);
  }

  private void event() {
    if (machine.isOver() && chance(2)) {
      late();
      return;
    }
    switch (random.nextInt(150)) {
      case 0 -> {
        mark(Marker.CLIENT_GONE);
        machine.onClientGone();
      }
      case 1 -> machine.refuse(CallEndReason.DRAIN, LocalReplyStatus.UNAVAILABLE, "drains");
      case 2 -> {
        mark(Marker.DROPPED);
        machine.drop(LocalReplyStatus.RESOURCE_EXHAUSTED);
      }
      case 3, 4, 5, 6, 7 -> overflow();
      case 8, 9, 10, 11, 12, 13, 14, 15 -> late();
      default -> {
        if (machine.isAttemptOpen()) {
          upstream.event();
        }
      }
    }
  }

  private void overflow() {
    if (machine.isAttemptOpen()) {
      mark(Marker.OVERFLOWN);
      effects.requestOverflown = true;
    }
  }

  /** An event that nobody waits for. */
  private void late() {
    mark(Marker.LATE_EVENT);
    if (machine.state() != CallState.BACKOFF) {
      machine.onBackoffOver();
    }
    if (machine.state() != CallState.CONNECTING) {
      machine.onConnection(nowNanos());
      machine.onNoConnection("10.0.0.8:1", "late", chance(2));
      machine.onConnectionWaitOver("late");
    }
    if (machine.state() != CallState.ROUTING) {
      machine.onRouted(effects.policy, 0, Duration.ZERO);
    }
    if (!effects.attemptOpen) {
      machine.onResponseHeaders(
          SimulatedAnswer.trailers(random), SimulatedAnswer.head().facts(), chance(2), nowNanos());
      if (machine.onResponseData(1, BYTES, chance(2))) {
        throw broken(CallGuarantee.CALL_LATE_EVENTS_IGNORED, "took late DATA");
      }
      machine.onAttemptClosed("late", chance(2), chance(2), nowNanos());
    }
  }

  private void later(long millis, String what, Runnable task) {
    var unused = scheduler.schedule(Duration.ofMillis(millis), () -> step(what, task));
  }

  private long timeoutNanos() {
    return switch (random.nextInt(10)) {
      case 0 -> GrpcTimeout.EXPIRED;
      case 1, 2, 3, 4 -> 0;
      case 5, 6 -> Duration.ofMillis(5 + random.nextInt(500)).toNanos();
      default -> Duration.ofMillis(5 + random.nextInt(40_000)).toNanos();
    };
  }

  private Duration pause() {
    return switch (random.nextInt(10)) {
      case 0, 1 -> Duration.ZERO;
      case 2, 3, 4, 5 -> Duration.ofMillis(random.nextInt(50));
      case 6, 7, 8 -> Duration.ofMillis(random.nextInt(1_000));
      default -> Duration.ofMillis(random.nextInt(12_000));
    };
  }
}
