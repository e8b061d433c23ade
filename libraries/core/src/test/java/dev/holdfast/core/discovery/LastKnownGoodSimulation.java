package dev.holdfast.core.discovery;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.Guarantee;
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
import java.util.SplittableRandom;

/**
 * One schedule of faults and of instances that come and go, made from a seed, against the real
 * directory and policy over a registry in memory. Every {@link LastKnownGoodInvariants} is checked
 * at every word of the registry and at every list given out.
 */
final class LastKnownGoodSimulation {
  static final ServiceName SERVICE = ServiceName.of("prod", "orders");
  private static final Duration USUAL_TTL = Duration.ofSeconds(5);

  /** The share of schedules with another TTL, down to a second: one in so many. */
  private static final int USUAL_TTLS = 4;

  /** How long a live instance takes at most to register again, once the store is up. */
  private static final int REGISTER_AGAIN_MILLIS = 4_000;

  private static final int ADDRESSES = 12;

  /** Rare things that the schedules must reach now and then, or they prove little. */
  enum Marker {
    SHRINK_CONFIRMED,
    SHRINK_REFUTED,
    EMPTY_BELIEVED,
    EMPTY_REFUTED,
    WIPE_SURVIVED,
    WIPE_LEFT_BEHIND,
    READ_FAILED_IN_DOUBT,
    OUTAGE_OF_HOURS,
    EXPIRED_IN_OUTAGE,
    REVOKED_AT_ONCE,
    KNOWN_EMPTY
  }

  /** A process that serves, with what the world knows of it. */
  static final class Instance {
    final Endpoint endpoint;
    boolean live = true;
    boolean registered;
    boolean forgotten;
    boolean expiredUnheard;
    boolean revoked;
    long diedNanos;
    boolean diedRegistered;

    Instance(Endpoint endpoint) {
      this.endpoint = endpoint;
    }
  }

  private final SplittableRandom random;
  final Duration ttl;
  final Duration grace;
  final VirtualScheduler scheduler = new VirtualScheduler();
  final InMemoryStore store;
  final InMemoryRegistry client;
  final EndpointDirectory directory;
  final List<Instance> instances = new ArrayList<>();
  final Map<Marker, Integer> reached = new EnumMap<>(Marker.class);
  final List<String> trace = new ArrayList<>();
  private final LastKnownGoodInvariants invariants;
  long epoch = 1;
  private int started;
  private long slowMillis;
  private boolean readsFail;
  private boolean isolated;

  LastKnownGoodSimulation(long seed, EndpointDirectory.PolicyFactory policy) {
    random = new SplittableRandom(seed);
    ttl =
        seed % USUAL_TTLS == 0
            ? Duration.ofSeconds(1 + (seed / USUAL_TTLS) % USUAL_TTL.toSeconds())
            : USUAL_TTL;
    LastKnownGoodOptions options = LastKnownGoodOptions.forTtl(ttl);
    grace = options.grace();
    store = new InMemoryStore(scheduler, ttl);
    RegistryContext context =
        new RegistryContext(
            scheduler, new CompositeMeterRegistry(), new SplittableRandom(~seed), Map.of());
    client = store.connect(context);
    client.setLatency(() -> Duration.ofMillis(slowMillis + random.nextInt(20)));
    client.setLoseAnswer(() -> readsFail);
    invariants = new LastKnownGoodInvariants(this);
    SpyRegistry spy = new SpyRegistry(client, scheduler.clock(), invariants);
    directory = new EndpointDirectory(spy, context, options, policy);
  }

  /** Runs the schedule; a broken invariant is thrown as an {@link AssertionError}. */
  void run() {
    try {
      runSchedule();
    } catch (IllegalStateException e) {
      throw new AssertionError(
          "guarantee " + Guarantee.NO_HOT_LOOP + " broken: " + e.getMessage(), e);
    }
  }

  private void runSchedule() {
    int initial = random.nextInt(8);
    for (int i = 0; i < initial; i++) {
      start();
    }
    scheduler.runUntilIdle();
    var unused = directory.subscribe(SERVICE, invariants);
    int events = 5 + random.nextInt(25);
    for (int i = 0; i < events; i++) {
      scheduler.execute(this::event);
      scheduler.advance(pause());
      invariants.afterEvent();
    }
    heal();
    scheduler.advance(grace.plus(ttl).multipliedBy(2));
    invariants.atTheEnd();
  }

  void mark(Marker marker) {
    reached.merge(marker, 1, Integer::sum);
  }

  void note(String what) {
    trace.add(scheduler.virtualClock().elapsed() + " " + what);
  }

  private Duration pause() {
    return switch (random.nextInt(4)) {
      case 0 -> Duration.ofMillis(random.nextInt(50));
      case 1 -> Duration.ofMillis(random.nextInt(1_000));
      case 2 -> Duration.ofMillis(random.nextInt(10_000));
      default -> Duration.ofMillis(random.nextInt(40_000));
    };
  }

  private void event() {
    switch (random.nextInt(22)) {
      case 0, 1 -> start();
      case 2 -> crash(1);
      case 3 -> crash(instances.size() / 2 + 1);
      case 4 -> crash(instances.size());
      case 5, 6 -> leave();
      case 7 -> replaceAll();
      case 8 -> stop(Duration.ofMillis(random.nextInt(30_000)));
      case 9 -> stopForHours();
      case 10 -> wipe();
      case 11 -> {
        stop(Duration.ofMillis(random.nextInt(8_000)));
        wipe();
      }
      case 12 -> cut();
      case 13 -> slow();
      case 14, 15 -> failReads();
      case 16, 17 -> lie();
      case 18, 19 -> isolate();
      case 20 -> scheduler.virtualClock().jumpWall(Duration.ofDays(random.nextInt(3) - 1L));
      default -> revokeAll();
    }
  }

  private void start() {
    started++;
    Endpoint endpoint =
        Endpoint.of("10.0.0." + (1 + random.nextInt(ADDRESSES)) + ":50051")
            .withInstance("i" + started)
            .withWeight(1 + random.nextInt(3))
            .withReady(random.nextInt(10) > 0);
    for (Instance other : instances) {
      if (other.live && other.endpoint.address().equals(endpoint.address())) {
        return;
      }
    }
    note("start " + endpoint.address() + " " + endpoint.instance());
    Instance instance = new Instance(endpoint);
    instances.add(instance);
    scheduler.execute(() -> register(instance));
  }

  private void register(Instance instance) {
    if (!instance.live || instance.registered) {
      return;
    }
    if (store.isUp()) {
      instance.registered = true;
      instance.forgotten = false;
      instance.expiredUnheard = false;
      instance.revoked = false;
      store.put(SERVICE, instance.endpoint);
    } else {
      registerSoon(instance);
    }
  }

  private void registerSoon(Instance instance) {
    var unused =
        scheduler.schedule(
            Duration.ofMillis(random.nextInt(REGISTER_AGAIN_MILLIS)), () -> register(instance));
  }

  private void crash(int atMost) {
    int left = atMost;
    for (Instance instance : instances) {
      if (left > 0 && instance.live) {
        note("crash " + instance.endpoint.address());
        die(instance);
        expireLater(instance);
        left--;
      }
    }
  }

  private void leave() {
    for (Instance instance : instances) {
      if (instance.live && instance.registered && store.isUp()) {
        note("leave " + instance.endpoint.address());
        store.put(SERVICE, instance.endpoint.withDraining(true));
        instance.live = false;
        instance.registered = false;
        var unused =
            scheduler.schedule(
                Duration.ofMillis(random.nextInt(500)),
                () -> {
                  if (store.isUp()) {
                    removeRecord(instance);
                  } else {
                    expireLater(instance);
                  }
                });
        return;
      }
    }
  }

  private void replaceAll() {
    int count = (int) instances.stream().filter(i -> i.live).count();
    note("replace all " + count);
    for (int i = 0; i < count; i++) {
      leave();
      start();
    }
  }

  private void die(Instance instance) {
    instance.live = false;
    instance.diedNanos = scheduler.clock().nanoTime();
    instance.diedRegistered = instance.registered;
    instance.registered = false;
  }

  private void expireLater(Instance instance) {
    var unused =
        scheduler.schedule(
            ttl,
            () -> {
              if (store.isUp()) {
                removeRecord(instance);
              } else {
                expireLater(instance);
              }
            });
  }

  private void removeRecord(Instance instance) {
    store
        .truth(SERVICE)
        .at(instance.endpoint.address())
        .filter(e -> e.instance().equals(instance.endpoint.instance()))
        .ifPresent(e -> store.delete(SERVICE, e.address()));
  }

  private void stop(Duration downFor) {
    if (!store.isUp()) {
      return;
    }
    note("stop for " + downFor);
    store.stop();
    var unused = scheduler.schedule(downFor, store::start);
  }

  private void stopForHours() {
    if (random.nextInt(10) == 0) {
      mark(Marker.OUTAGE_OF_HOURS);
      stop(Duration.ofHours(1 + random.nextInt(6)));
      scheduler.execute(() -> {});
    }
  }

  private void wipe() {
    note("wipe");
    epoch++;
    invariants.onWipe();
    store.wipe();
    for (Instance instance : instances) {
      instance.forgotten |= instance.registered;
      instance.revoked = false;
      instance.registered = false;
      instance.diedRegistered = false;
      if (instance.live) {
        registerSoon(instance);
      }
    }
  }

  private void cut() {
    note("cut");
    client.cut();
    var unused =
        scheduler.schedule(
            Duration.ofMillis(random.nextInt(30_000)),
            () -> {
              if (!isolated) {
                client.mend();
              }
            });
  }

  /**
   * Nobody reaches the store, client and instances alike, until some or all of their records have
   * run out. A lease was renewed a third of its time ago, or later.
   */
  private void isolate() {
    if (isolated || !store.isUp()) {
      return;
    }
    isolated = true;
    int shortest = (int) ttl.multipliedBy(2).dividedBy(3).toMillis() + 1;
    Duration away = Duration.ofMillis(shortest + random.nextInt(23_000));
    note("isolate for " + away);
    client.cut();
    long cutNanos = scheduler.clock().nanoTime();
    for (Instance instance : instances) {
      if (instance.live && instance.registered) {
        Duration left = ttl.minusMillis(random.nextInt((int) ttl.dividedBy(3).toMillis()));
        var unused = scheduler.schedule(left, () -> expire(instance, cutNanos));
      }
    }
    var unused = scheduler.schedule(away, this::endIsolation);
  }

  private void endIsolation() {
    if (isolated) {
      isolated = false;
      client.mend();
      instances.stream().filter(i -> i.live).forEach(this::registerSoon);
    }
  }

  private void expire(Instance instance, long cutNanos) {
    if (!isolated || !instance.live || !instance.registered || !store.isUp()) {
      return;
    }
    removeRecord(instance);
    instance.registered = false;
    instance.expiredUnheard = invariants.heardNothingSince(cutNanos);
    mark(Marker.EXPIRED_IN_OUTAGE);
  }

  /** A leader that was stopped ends all leases but one when it resumes, one after the other. */
  private void revokeAll() {
    List<Instance> serving = instances.stream().filter(i -> i.live && i.registered).toList();
    if (!store.isUp() || isolated || serving.size() < 2) {
      return;
    }
    note("revoke " + (serving.size() - 1));
    mark(Marker.REVOKED_AT_ONCE);
    for (Instance instance : serving.subList(1, serving.size())) {
      var unused =
          scheduler.schedule(Duration.ofMillis(random.nextInt(100)), () -> revoke(instance));
    }
  }

  private void revoke(Instance instance) {
    if (store.isUp() && instance.live && instance.registered) {
      if (instances.stream().noneMatch(i -> i.live && i.revoked)) {
        invariants.onFirstRevoked();
      }
      instance.revoked = invariants.isGiven(instance.endpoint);
      removeRecord(instance);
      instance.registered = false;
      registerSoon(instance);
    }
  }

  private void slow() {
    // No TTL makes sense that a few answers take to come.
    int slowest = (int) ttl.toMillis() * 3 / 10;
    slowMillis = random.nextInt(5) == 0 ? slowest : Math.min(slowest, random.nextInt(400));
    note("slow " + slowMillis + "ms");
  }

  private void failReads() {
    readsFail = !readsFail;
    note("reads fail " + readsFail);
  }

  private void lie() {
    int keep = random.nextInt(4);
    note("lie: only " + keep);
    client.falsify(
        SERVICE,
        truth ->
            EndpointSet.of(truth.endpoints().subList(0, Math.min(keep, truth.endpoints().size()))),
        Duration.ofMillis(100 + random.nextInt(20_000)));
  }

  private void heal() {
    note("heal");
    slowMillis = 0;
    readsFail = false;
    scheduler.execute(
        () -> {
          endIsolation();
          client.mend();
          if (!store.isUp()) {
            store.start();
          }
        });
  }
}
