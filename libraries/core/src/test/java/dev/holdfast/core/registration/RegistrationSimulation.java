package dev.holdfast.core.registration;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Guarantee;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.InMemoryRegistry;
import dev.holdfast.core.testkit.InMemoryStore;
import dev.holdfast.core.testkit.VirtualScheduler;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/**
 * One schedule of faults, made from a seed, against servers that want to be visible: the real shell
 * and machine over a registry in memory, checked by {@link RegistrationInvariants}.
 */
final class RegistrationSimulation {
  static final ServiceName SERVICE = ServiceName.of("prod", "orders");
  static final Duration TTL = Duration.ofSeconds(5);
  static final Duration HEAL_WITHIN = Duration.ofSeconds(60);
  private static final int ADDRESSES = 3;

  /** Makes the machine of a server; tests hand in broken ones. */
  interface MachineFactory {
    RegistrationStateMachine create(
        RegistrationStateMachine.RegistrationOptions registrationOptions, Backoff backoff);
  }

  /** Rare things that the schedules must reach now and then, or they prove little. */
  enum Marker {
    CONFLICT,
    CONFLICT_WON_BACK,
    GAVE_UP_ATTEMPT,
    LEFT_BEHIND,
    WITHDRAWN_IN_OUTAGE,
    OUTAGE_OF_HOURS,
    HAUNTED,
    RESTORED
  }

  /** A server that wants to be visible. */
  final class Server {
    final String name;
    final InMemoryRegistry client;
    final AnnouncementSpy spy;
    final InstanceRegistration registration;
    Endpoint desired;
    boolean wanted = true;
    boolean crashed;
    long withdrawNanos;
    Optional<CompletableFuture<Void>> withdrawn = Optional.empty();

    Server(String name, Endpoint endpoint) {
      this.name = name;
      this.client = store.connect(context);
      client.setLatency(() -> Duration.ofMillis(slowMillis + random.nextInt(20)));
      client.setLoseRequest(() -> answersLost && random.nextInt(4) == 0);
      client.setLoseAnswer(() -> answersLost && random.nextInt(4) == 0);
      this.spy = new AnnouncementSpy(client, scheduler.clock());
      this.desired = endpoint;
      RegistrationStateMachine.RegistrationOptions registrationOptions =
          RegistrationStateMachine.RegistrationOptions.forTimes(
              client.recordTtl(), client.requestTimeout());
      this.registration =
          InstanceRegistration.start(
              spy,
              SERVICE,
              endpoint,
              context,
              machines.create(
                  registrationOptions, new Backoff(registrationOptions.retry(), context.random())));
    }
  }

  private final SplittableRandom random;
  final VirtualScheduler scheduler = new VirtualScheduler();
  final InMemoryStore store = new InMemoryStore(scheduler, TTL);
  final List<Server> servers = new ArrayList<>();
  final Map<Marker, Integer> reached = new EnumMap<>(Marker.class);
  final List<String> trace = new ArrayList<>();
  private final MachineFactory machines;
  private final RegistryContext context;
  private final RegistrationInvariants invariants;
  private int started;
  private long slowMillis;
  private boolean answersLost;
  private long cleanUntilNanos;

  RegistrationSimulation(long seed, MachineFactory machines) {
    this.machines = machines;
    random = new SplittableRandom(seed);
    context =
        new RegistryContext(
            scheduler, new CompositeMeterRegistry(), new SplittableRandom(~seed), Map.of());
    cleanUntilNanos = scheduler.clock().nanoTime();
    invariants = new RegistrationInvariants(this);
  }

  /** Runs the schedule; a broken invariant is thrown as an {@link AssertionError}. */
  void run() {
    try {
      scheduler.execute(this::start);
      int events = 5 + random.nextInt(20);
      for (int i = 0; i < events; i++) {
        scheduler.execute(this::event);
        step(pause());
      }
      scheduler.execute(this::heal);
      step(HEAL_WITHIN);
      invariants.afterHealing();
      scheduler.execute(this::withdrawWinners);
      step(HEAL_WITHIN);
      invariants.afterHealing();
    } catch (IllegalStateException e) {
      throw new AssertionError(
          "guarantee " + Guarantee.NO_HOT_LOOP + " broken: " + e.getMessage(), e);
    }
  }

  void mark(Marker marker) {
    reached.merge(marker, 1, Integer::sum);
  }

  void note(String what) {
    trace.add(scheduler.virtualClock().elapsed() + " " + what);
  }

  private void step(Duration by) {
    Duration part = by.dividedBy(4);
    for (int i = 0; i < 4; i++) {
      scheduler.advance(part);
      invariants.afterEvent();
    }
  }

  private Duration pause() {
    return switch (random.nextInt(4)) {
      case 0 -> Duration.ofMillis(random.nextInt(50));
      case 1 -> Duration.ofMillis(random.nextInt(1_000));
      case 2 -> Duration.ofMillis(random.nextInt(8_000));
      default -> Duration.ofMillis(random.nextInt(40_000));
    };
  }

  private void event() {
    switch (random.nextInt(18)) {
      case 0, 1, 2 -> start();
      case 3 -> some().ifPresent(this::withdraw);
      case 4 -> some().ifPresent(this::crash);
      case 5, 6 -> some().ifPresent(this::update);
      case 7 -> stop(Duration.ofMillis(random.nextInt(30_000)));
      case 8 -> stopForHours();
      case 9 -> wipe();
      case 10 -> {
        stop(Duration.ofMillis(random.nextInt(8_000)));
        wipe();
      }
      case 11 -> some().ifPresent(this::cut);
      case 12 -> slow();
      case 13 -> loseAnswers();
      case 14 -> some().ifPresent(p -> store.delete(SERVICE, p.desired.address()));
      case 15 -> clean();
      case 16 -> some().ifPresent(this::mute);
      default -> some().ifPresent(this::haunt);
    }
  }

  private Optional<Server> some() {
    List<Server> alive = servers.stream().filter(p -> p.wanted && !p.crashed).toList();
    return alive.isEmpty()
        ? Optional.empty()
        : Optional.of(alive.get(random.nextInt(alive.size())));
  }

  private void start() {
    started++;
    Endpoint endpoint =
        Endpoint.of("10.0.0." + (1 + random.nextInt(ADDRESSES)) + ":50051")
            .withInstance("i" + started);
    note("start i" + started + " at " + endpoint.address());
    servers.add(new Server("i" + started, endpoint));
  }

  private void withdraw(Server server) {
    note("withdraw " + server.name + " " + server.registration.state());
    server.wanted = false;
    server.withdrawNanos = scheduler.clock().nanoTime();
    server.withdrawn = Optional.of(server.registration.withdraw().toCompletableFuture());
    if (!store.isUp()) {
      mark(Marker.WITHDRAWN_IN_OUTAGE);
    }
  }

  /** The server is gone from one moment to the next: for the store as if cut off for ever. */
  private void crash(Server server) {
    note("crash " + server.name);
    server.crashed = true;
    server.client.cut();
  }

  private void update(Server server) {
    server.desired = server.desired.withWeight(1 + random.nextInt(100));
    note("update " + server.name + " to weight " + server.desired.weight());
    server.registration.update(server.desired);
  }

  private void stop(Duration downFor) {
    if (store.isUp()) {
      note("stop for " + downFor);
      store.stop();
      var unused = scheduler.schedule(downFor, store::start);
    }
  }

  private void stopForHours() {
    if (random.nextInt(40) == 0) {
      mark(Marker.OUTAGE_OF_HOURS);
      stop(Duration.ofHours(1 + random.nextInt(3)));
      scheduler.virtualClock().jumpWall(Duration.ofDays(1));
    }
  }

  private void wipe() {
    note("wipe");
    store.wipe();
  }

  private void cut(Server server) {
    note("cut " + server.name);
    server.client.cut();
    var unused =
        scheduler.schedule(
            Duration.ofMillis(random.nextInt(30_000)),
            () -> {
              if (!server.crashed) {
                server.client.mend();
              }
            });
  }

  private void slow() {
    slowMillis = random.nextInt(5) == 0 ? 1_500 : random.nextInt(400);
    note("slow " + slowMillis + "ms");
  }

  private void loseAnswers() {
    answersLost = !answersLost;
    note("answers lost " + answersLost);
  }

  /** Something deletes our records as soon as they appear, for a while. */
  private void clean() {
    note("clean");
    cleanUntilNanos = scheduler.clock().nanoTime() + Duration.ofSeconds(60).toNanos();
    cleanOnce();
  }

  private void cleanOnce() {
    if (cleanUntilNanos - scheduler.clock().nanoTime() <= 0) {
      return;
    }
    store.truth(SERVICE).endpoints().forEach(e -> store.delete(SERVICE, e.address()));
    var unused = scheduler.schedule(Duration.ofMillis(20), this::cleanOnce);
  }

  private void mute(Server server) {
    note("mute the next attempt of " + server.name);
    server.spy.muteNext = true;
    store.delete(SERVICE, server.desired.address());
  }

  private void haunt(Server server) {
    List<AnnouncementSpy.Made> dead = server.spy.made.stream().filter(m -> m.over).toList();
    if (!dead.isEmpty()) {
      mark(Marker.HAUNTED);
      boolean published = random.nextBoolean();
      note("haunt " + server.name + (published ? " published" : " ended"));
      dead.get(random.nextInt(dead.size())).haunt(published);
    }
  }

  private void heal() {
    note("heal");
    slowMillis = 0;
    answersLost = false;
    cleanUntilNanos = scheduler.clock().nanoTime();
    for (Server server : servers) {
      server.spy.muteNext = false;
      if (!server.crashed) {
        server.client.mend();
      }
    }
    if (!store.isUp()) {
      store.start();
    }
  }

  private void withdrawWinners() {
    for (Server server : servers) {
      if (server.wanted
          && !server.crashed
          && server.registration.state() == RegistrationState.VISIBLE) {
        withdraw(server);
      }
    }
  }
}
