package dev.holdfast.simulation.streams;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.session.CallClosure;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The fault generator of a schedule, which injects one fault at a time. */
final class StreamFaultInjector {
  /** The limit of a quick network, in milliseconds; a slower one counts as rough. */
  static final int QUICK_MILLIS = 60;

  private static final int AFTERMATH_MILLIS = 2_500;

  /** The status codes of shed calls: RESOURCE_EXHAUSTED, UNAUTHENTICATED, PERMISSION_DENIED. */
  private static final int[] SHED = {8, 16, 7};

  /** The status codes that end a session, those of shed calls and UNIMPLEMENTED. */
  private static final int[] PERMANENT = {8, 16, 7, 12};

  /** The most time between the last frame of an owner and the end of its call, in milliseconds. */
  private static final int LAST_WORD_MILLIS = 100;

  private static final int LAST_WORDS_ONE_IN = 3;

  private final StreamSimulation world;
  private final SplittableRandom random;
  private final SplittableRandom lastWords;

  /**
   * @param lastWords for the calls of owners that have moved a session
   */
  StreamFaultInjector(StreamSimulation world, SplittableRandom lastWords) {
    this.world = world;
    this.random = world.random;
    this.lastWords = lastWords;
  }

  /** Injects the next random fault. */
  void next() {
    SimulatedStreamCall call = anyCall();
    SimulatedStreamServer instance = world.instances.get(random.nextInt(world.instances.size()));
    switch (random.nextInt(23)) {
      case 0, 1, 2, 3 -> cutAll(call);
      case 4 -> cutAllCalls();
      case 5, 6 -> stall(random.nextInt(6_000));
      case 7 -> stall(random.nextInt(30_000));
      case 8 -> slow();
      case 9, 10 -> restart(instance, random.nextInt(8_000));
      case 11 -> leave(instance);
      case 12 -> instance.drain(false);
      case 13 -> anyClient(SimulatedStreamClient::suspect);
      case 14 -> anyClient(SimulatedStreamClient::drain);
      case 15 -> resetCall(call);
      case 16 -> breakStore();
      case 17 -> world.store.setLoses(random.nextInt(40));
      case 18 -> crashOrCancel();
      case 19, 20 -> shed(random.nextInt(15_000));
      case 21 -> instance.move();
      case 22 -> anyClient(SimulatedStreamClient::wake);
      default -> world.note("nothing");
    }
  }

  private void cutAll(@Nullable SimulatedStreamCall call) {
    if (call != null) {
      world.note("cut " + call.hello.attach());
      // Half-open: one end, or both, never hear of it.
      call.cut(random.nextInt(4) > 0, random.nextInt(4) > 0);
    }
  }

  /** Cuts all calls at once, as when a phone loses its network. */
  void cutAllCalls() {
    world.note("cut all");
    for (SimulatedStreamCall call : List.copyOf(world.calls)) {
      call.cut(true, random.nextBoolean());
    }
  }

  private void resetCall(@Nullable SimulatedStreamCall call) {
    if (call != null) {
      world.note("reset " + call.hello.attach());
      call.reset();
    }
  }

  /** A hop may fail the call of an owner that has moved the session, behind its last frame. */
  void onMoved(SimulatedStreamCall call) {
    if (!world.isHealed() && lastWords.nextInt(LAST_WORDS_ONE_IN) == 0) {
      CallClosure how =
          CallClosure.status(PERMANENT[lastWords.nextInt(PERMANENT.length)], Payload.EMPTY);
      world.note("fails the old owner's call " + call.hello.attach() + " with " + how.status());
      call.fail(how, lastWords.nextInt(LAST_WORD_MILLIS));
    }
  }

  private void stall(int millis) {
    world.note("stall for " + millis);
    world.stalledUntilNanos = world.time.elapsed().plusMillis(millis).toNanos();
    world.rough(millis + AFTERMATH_MILLIS);
  }

  private void slow() {
    // What is under way arrives as late as it was sent.
    world.rough(AFTERMATH_MILLIS);
    world.slowMillis = 1 + random.nextInt(random.nextInt(3) == 0 ? 2_000 : QUICK_MILLIS);
  }

  /** A load shedder, or who checks credentials, answers whoever comes back. */
  private void shed(int millis) {
    CallClosure how = CallClosure.status(SHED[random.nextInt(SHED.length)], Payload.EMPTY);
    world.note("shed for " + millis + " with " + how.status());
    world.shed(millis, how);
  }

  void restart(SimulatedStreamServer instance, int downMillis) {
    instance.crash();
    if (world.streamDeployment.mixed()) {
      instance.deploy(random.nextBoolean());
    }
    world.time.afterMillis(downMillis, instance::start);
  }

  void leave(SimulatedStreamServer instance) {
    instance.drain(true);
    world.time.afterMillis(4_000L + random.nextInt(6_000), () -> restart(instance, 500));
  }

  private void breakStore() {
    world.note("store down");
    world.store.setDown(true);
    world.time.afterMillis(random.nextInt(10_000), () -> world.store.setDown(false));
  }

  private void crashOrCancel() {
    if (random.nextInt(3) == 0) {
      anyClient(
          client -> {
            world.note("client of " + client.session.id() + " crashes");
            client.crash();
            world.callsOf(client).forEach(call -> call.cut(false, random.nextBoolean()));
          });
    } else {
      anyClient(SimulatedStreamClient::cancel);
    }
  }

  private @Nullable SimulatedStreamCall anyCall() {
    return world.calls.isEmpty() ? null : world.calls.get(random.nextInt(world.calls.size()));
  }

  private void anyClient(Consumer<SimulatedStreamClient> what) {
    if (!world.clients.isEmpty()) {
      what.accept(world.clients.get(random.nextInt(world.clients.size())));
    }
  }
}
