package dev.holdfast.registry.etcd;

import com.google.protobuf.ByteString;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.VirtualScheduler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One bad day: two processes, an etcd, faults drawn from a seed, and what must hold throughout. */
final class EtcdSimulation {

  /** Cases that some seed must reach. */
  enum Rare {
    WIPED,
    LEASE_LOST,
    RECORD_DELETED,
    TAKEN_OVER,
    UNAVAILABLE,
    WATCH_FAILED,
    COMPACTED,
    CONFIRMED,
    RESTORED
  }

  private static final Duration SHORT_TROUBLE = Duration.ofSeconds(90);
  // Long enough for lists that are read beside a running watch.
  private static final Duration LONG_TROUBLE = Duration.ofMinutes(10);
  private static final Duration CALM = Duration.ofSeconds(60);
  private static final Duration RESTORE_WITHIN = Duration.ofSeconds(20);
  private static final Duration BUSY_INTERVAL = Duration.ofMillis(200);
  private static final int BUSY_PAUSE_MILLIS = 400_000;
  private static final String BUSY_KEY = "prod/orders/busy";
  private static final String LIFE_RECORD = "life-";
  private static final ServiceName ORDERS = ServiceName.parse("prod/orders");

  private final Random random;

  /**
   * A life is told from another by its records, whatever the revisions are, or by its revisions,
   * whatever the records are; each day has one of the two.
   */
  private final boolean sameKeyInAllLives;

  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final SimulatedEtcd etcd = new SimulatedEtcd(scheduler);
  private final Map<Rare, Integer> reached = new EnumMap<>(Rare.class);
  private final List<SimulatedTransport> transports = new ArrayList<>();
  private final List<Instance> instances = new ArrayList<>();
  private final List<Follower> followers = new ArrayList<>();
  private final List<EtcdRegistry> registries = new ArrayList<>();
  private final Duration trouble;

  /** Little goes wrong, but a record changes all the time: events overtake relists. */
  private final boolean busy;

  private int wipes;

  /** From then on a record does not tell a life from another: what was forgotten came back. */
  private boolean restored;

  EtcdSimulation(long seed) {
    // The first draws of small seeds are nearly the same; spread out they are not.
    this.random = new Random(seed * 0x9E3779B97F4A7C15L);
    this.sameKeyInAllLives = random.nextBoolean();
    int kind = random.nextInt(16);
    this.trouble = kind < 2 ? LONG_TROUBLE : SHORT_TROUBLE;
    this.busy = kind == 1;
  }

  Map<Rare, Integer> reached() {
    return reached;
  }

  void run() {
    writeLife();
    for (int process = 0; process < 2; process++) {
      EtcdRegistry registry = process();
      for (int i = 1; i <= 2; i++) {
        Instance instance = new Instance(registry, 10 * process + i);
        instances.add(instance);
        scheduler.execute(instance::announce);
      }
      Follower follower = new Follower();
      followers.add(follower);
      var unused = registry.watch(ORDERS, follower);
    }
    Duration end = scheduler.virtualClock().elapsed().plus(trouble);
    if (busy) {
      transports.forEach(transport -> transport.slowLists(true));
      changeUntil(end, 0);
    }
    while (scheduler.virtualClock().elapsed().compareTo(end) < 0) {
      scheduler.advance(Duration.ofMillis(random.nextInt(busy ? BUSY_PAUSE_MILLIS : 3000)));
      trouble();
    }
    if (busy) {
      // Neither the last of its values stays nor one that a backup had.
      scheduler.advance(RESTORE_WITHIN);
      etcd.delete(ByteString.copyFromUtf8(BUSY_KEY));
    }
    // The last word of every instance falls into the trouble.
    scheduler.execute(() -> instances.forEach(Instance::change));
    scheduler.advance(Duration.ofMillis(random.nextInt(500)));
    transports.forEach(SimulatedTransport::heal);
    scheduler.advance(CALM);
    check();
    registries.forEach(registry -> scheduler.execute(registry::close));
    scheduler.advance(Duration.ofSeconds(5));
    require(leftBehind() == 0, "closing leaves no record: " + etcd.records().keySet());
    scheduler.advance(Duration.ofMinutes(1));
    require(scheduler.pending() == 0, "closing leaves no timer: " + scheduler.pending());
  }

  private void changeUntil(Duration end, int n) {
    if (scheduler.virtualClock().elapsed().compareTo(end) < 0) {
      etcd.put(BUSY_KEY, "busy-" + n + ":1");
      scheduler.schedule(BUSY_INTERVAL, () -> changeUntil(end, n + 1));
    }
  }

  private EtcdRegistry process() {
    SimulatedTransport transport = new SimulatedTransport(etcd, scheduler, random);
    transports.add(transport);
    RegistryUri uri = RegistryUri.parse("etcd://simulated/prod?ttl=6s");
    RegistryContext context =
        new RegistryContext(scheduler, new SimpleMeterRegistry(), random, Map.of());
    EtcdRegistry registry =
        new EtcdRegistry("simulated", EtcdOptions.of(uri, Map.of()), context, transport);
    registries.add(registry);
    return registry;
  }

  private void trouble() {
    SimulatedTransport transport = transports.get(random.nextInt(transports.size()));
    Instance instance = instances.get(random.nextInt(instances.size()));
    switch (random.nextInt(16)) {
      case 0 -> transport.condition(SimulatedTransport.Condition.REFUSED);
      case 1 -> transport.condition(SimulatedTransport.Condition.SILENT);
      case 2, 3, 4 -> transport.heal();
      case 5 -> transport.breakStreams();
      case 13 -> transport.numbStreams();
      case 14 -> instance.restart();
      case 6 -> transport.lostAnswers(random.nextDouble());
      case 7 -> transport.lagging(true);
      case 8 -> {
        transport.breakStreams();
        for (int i = 0; i < 25; i++) {
          scheduler.schedule(Duration.ofMillis(4L * i), this::changeAndCompact);
        }
      }
      case 9 -> {
        switch (random.nextInt(6)) {
          case 0, 1 -> wipe();
          case 2 -> wipeAndRestore();
          default -> {}
        }
      }
      case 10 -> etcd.leases().stream().findFirst().ifPresent(etcd::revoke);
      case 11 ->
          etcd.records().keySet().stream()
              .filter(key -> key.toStringUtf8().startsWith("prod/orders/10."))
              .findAny()
              .ifPresent(etcd::delete);
      case 12 -> {
        // Somebody else at our address, who leaves again.
        instance.hasRivals = true;
        String key = "prod/orders/" + instance.address();
        etcd.put(key, instance.address());
        scheduler.schedule(Duration.ofSeconds(5), () -> etcd.deleteIf(key, instance.address()));
      }
      default -> {
        instance.change();
        scheduler.virtualClock().jumpWall(Duration.ofDays(random.nextInt(3) - 1));
      }
    }
  }

  /** A wiped etcd was down: no stream outlives it. */
  private void wipe() {
    wipes++;
    etcd.wipe(sameKeyInAllLives ? 1 : etcd.revision() / 2);
    writeLife();
    transports.forEach(SimulatedTransport::breakStreams);
  }

  /** Somebody notices, and brings back what there was before, with leases that nobody keeps. */
  private void wipeAndRestore() {
    SimulatedEtcd.Backup backup = etcd.backUp();
    wipe();
    scheduler.schedule(
        Duration.ofMillis(random.nextLong(RESTORE_WITHIN.toMillis())),
        () -> {
          wipes++;
          restored = true;
          etcd.restore(backup);
          transports.forEach(SimulatedTransport::breakStreams);
          note(Rare.RESTORED);
        });
  }

  /** Every list says by this which life of the store it comes from. */
  private void writeLife() {
    String value = LIFE_RECORD + etcd.life() + ":1";
    etcd.put("prod/orders/" + (sameKeyInAllLives ? LIFE_RECORD : value), value);
  }

  private void check() {
    Set<String> expected = new TreeSet<>();
    expected.add(LIFE_RECORD + etcd.life() + ":1");
    instances.forEach(instance -> expected.add(instance.said()));
    Set<String> stored =
        etcd.records().values().stream()
            .filter(record -> record.getKey().toStringUtf8().startsWith("prod/"))
            .map(record -> record.getValue().toStringUtf8())
            .collect(Collectors.toCollection(TreeSet::new));
    require(stored.equals(expected), "records: " + stored + " (expected: " + expected + ")");
    for (Follower follower : followers) {
      require(
          follower.shown().equals(expected),
          "watch: " + follower.shown() + " (expected: " + expected + ")");
      require(follower.isConfirmed, "a quiet minute confirms the list");
      note(Rare.CONFIRMED);
    }
  }

  /** Between a list and its watch this makes the watch begin in what is forgotten. */
  private void changeAndCompact() {
    etcd.put("other/key", "value");
    etcd.compact();
  }

  private long leftBehind() {
    return etcd.records().keySet().stream()
        .map(key -> key.toStringUtf8())
        .filter(key -> key.startsWith("prod/orders/10."))
        .count();
  }

  private void note(Rare rare) {
    reached.merge(rare, 1, Integer::sum);
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }

  /** Wants to be visible, as InstanceRegistration does: it announces again whenever it ended. */
  private final class Instance {
    private final EtcdRegistry registry;
    private Endpoint endpoint;
    private Registry.@Nullable Announcement announcement;
    private boolean hasRivals;

    Instance(EtcdRegistry registry, int n) {
      this.registry = registry;
      this.endpoint = Endpoint.of("10.0.0." + n + ":1").withInstance("run-" + n);
    }

    String address() {
      return endpoint.address().toString();
    }

    String said() {
      return EtcdRecord.encode(endpoint).toStringUtf8();
    }

    void change() {
      endpoint = endpoint.withWeight(1 + random.nextInt(100));
      if (announcement != null) {
        announcement.update(endpoint);
      }
    }

    /** The process ends and another one begins at once, at the same address. */
    void restart() {
      if (announcement != null) {
        hasRivals = true;
        var unused = announcement.withdraw();
        endpoint = endpoint.withInstance("run-" + random.nextInt(1000));
        announce();
      }
    }

    void announce() {
      announcement =
          registry.announce(
              ORDERS,
              endpoint,
              new Registry.AnnouncementListener() {
                private boolean ended;

                @Override
                public void onPublished() {
                  require(!ended, "nothing is heard after the end");
                }

                @Override
                public void onEnded(RegistryException cause) {
                  require(!ended, "an announcement ends once");
                  ended = true;
                  require(
                      hasRivals || cause.kind() != RegistryException.RegistryErrorKind.TAKEN_OVER,
                      address() + " was taken over, and nobody else was ever there");
                  note(Rare.valueOf(cause.kind().name()));
                  announcement = null;
                  scheduler.schedule(
                      Duration.ofMillis(random.nextInt(2000)), Instance.this::announce);
                }
              });
    }
  }

  private final class Follower implements Registry.WatchListener {
    private @Nullable RegistrySnapshot last;
    private final Map<Long, String> lifeOfEpoch = new HashMap<>();
    private boolean isConfirmed;
    private int stateIndex;

    Set<String> shown() {
      return last == null ? Set.of("nothing was shown") : asStored(last);
    }

    @Override
    public void onSnapshot(RegistrySnapshot snapshot) {
      require(
          last == null || snapshot.epoch() >= last.epoch(),
          "epochs never go back to an older life");
      require(
          snapshot.epoch() <= 1 + wipes,
          "epoch " + snapshot.epoch() + " after " + wipes + " wipes: a lagging member is no wipe");
      last = snapshot;
      isConfirmed = false;
      String life =
          asStored(snapshot).stream().filter(r -> r.startsWith(LIFE_RECORD)).findFirst().orElse("");
      String before = lifeOfEpoch.putIfAbsent(snapshot.epoch(), life);
      require(
          restored || before == null || before.equals(life),
          "epoch " + snapshot.epoch() + " showed " + before + " and " + life);
      int index = nextIndexOf(asStored(snapshot));
      require(
          index >= 0,
          "a list that the store never held, or not since what was shown before: "
              + asStored(snapshot));
      stateIndex = index;
    }

    private int nextIndexOf(Set<String> state) {
      for (int i = stateIndex; i < etcd.states().size(); i++) {
        if (etcd.states().get(i).equals(state)) {
          return i;
        }
      }
      return -1;
    }

    /** Foreign records are bare addresses in the store. */
    private static Set<String> asStored(RegistrySnapshot snapshot) {
      return snapshot.endpoints().eligible().stream()
          .map(
              endpoint ->
                  endpoint.instance().isEmpty()
                      ? endpoint.address().toString()
                      : EtcdRecord.encode(endpoint).toStringUtf8())
          .collect(Collectors.toCollection(TreeSet::new));
    }

    @Override
    public void onConfirmed() {
      require(last != null, "confirmed before anything was shown");
      isConfirmed = true;
    }

    @Override
    public void onFailure(RegistryException cause) {
      note(Rare.WATCH_FAILED);
      if (cause.getCause() instanceof EtcdException etcdCause
          && etcdCause.error() == EtcdError.COMPACTED) {
        note(Rare.COMPACTED);
      }
    }
  }
}
