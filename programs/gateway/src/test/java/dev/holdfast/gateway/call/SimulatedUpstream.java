package dev.holdfast.gateway.call;

import dev.holdfast.gateway.call.CallSimulation.Marker;

/** The upstream of a simulated call: every way in which a response begins, goes on and ends. */
final class SimulatedUpstream {
  private static final int BYTES = 100;
  private static final long INTERNAL_ERROR = 2;
  private static final long ENHANCE_YOUR_CALM = 11;

  private final CallSimulation world;
  private final SimulatedEffects effects;

  /** Whether most attempts fail in a way after which another one may follow. */
  private final boolean flaky;

  SimulatedUpstream(CallSimulation world, SimulatedEffects effects) {
    this.world = world;
    this.effects = effects;
    this.flaky = world.random.nextBoolean();
  }

  /** Something happens on the open stream. */
  void event() {
    boolean responding = world.machine().state() == CallState.RESPONDING;
    if (flaky && !responding && !world.chance(4)) {
      failRepeatably();
      return;
    }
    switch (world.random.nextInt(20)) {
      case 0 -> headers(SimulatedAnswer.informational(), false);
      case 1 -> headers(SimulatedAnswer.malformed(), world.chance(2));
      case 2 -> headers(SimulatedAnswer.page(), world.chance(2));
      case 3, 4, 5 -> headers(SimulatedAnswer.head(), false);
      case 6 -> headers(SimulatedAnswer.bareTrailers(), true);
      case 7, 8, 9, 10 -> headers(SimulatedAnswer.trailers(world.random), true);
      case 11, 12 -> data(responding && world.chance(3));
      case 13, 14 -> reset(AttemptFailure.REFUSED_STREAM);
      case 15 -> reset(world.chance(2) ? INTERNAL_ERROR : ENHANCE_YOUR_CALM);
      case 16 -> fault();
      default -> close();
    }
  }

  /** The stream fails in the gateway. */
  void fault() {
    boolean unsent = world.chance(3);
    world.machine().onAttemptFault("fault", world.chance(2));
    closed(false, unsent, unsent);
  }

  private void failRepeatably() {
    switch (world.random.nextInt(3)) {
      case 0 -> headers(SimulatedAnswer.trailers(world.random), true);
      case 1 -> reset(AttemptFailure.REFUSED_STREAM);
      default -> close();
    }
  }

  private void headers(SimulatedAnswer answer, boolean end) {
    world.note((end ? "trailers " : "headers ") + answer);
    boolean first = world.machine().state() == CallState.ATTEMPT;
    if (first && end) {
      effects.onTrailersOnly(answer);
    }
    world.machine().onResponseHeaders(answer, answer.facts(), end, world.nowNanos());
    if (end && world.machine().isOver()) {
      world.mark(Marker.ANSWERED);
    }
  }

  private void data(boolean end) {
    world.note("DATA end=" + end);
    var unused = world.machine().onResponseData(1, BYTES, end);
  }

  private void reset(long code) {
    world.note("reset " + code);
    world.machine().onAttemptReset(code);
    closed(false, false, code == AttemptFailure.REFUSED_STREAM);
  }

  private void close() {
    boolean untouched = world.chance(3);
    boolean unsent = world.chance(4);
    closed(untouched, unsent, untouched || unsent);
  }

  private void closed(boolean untouched, boolean unsent, boolean unprocessed) {
    world.note("closed untouched=" + untouched + " unsent=" + unsent);
    if (world.machine().state() == CallState.RESPONDING) {
      world.mark(Marker.LOST_AFTER_RESPONSE);
    }
    effects.onClosedByUpstream(unprocessed);
    world.machine().onAttemptClosed("lost", untouched, unsent, world.nowNanos());
  }
}
