package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.testkit.VirtualScheduler;
import dev.holdfast.registry.kubernetes.SimulatedCluster.Fault;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/**
 * One bad day of an API server, drawn from a seed: what is followed through it, and what must hold
 * after every word.
 */
final class ReflectorSimulation {

  /** Cases that some seed must reach. */
  enum Rare {
    AWAY,
    DEAF,
    STORM,
    BUSY,
    CURT,
    RESTORED,
    COMPACTED,
    REPORTED,
    CONFIRMED,
    DOUBTED
  }

  /** Makes the machine; tests hand in broken ones. */
  @FunctionalInterface
  interface Maker {
    SliceInformer.ReflectorWithStore make(ReflectorOptions options, Random random);
  }

  /** In no minute more requests than this. */
  static final int MAX_REQUESTS_PER_MINUTE = 240;

  private static final Duration MINUTE = Duration.ofMinutes(1);
  // Two times until silence is noticed, a longest pause, and the requests behind it.
  private static final Duration CALM = Duration.ofMinutes(5);
  private static final ReflectorOptions OPTIONS =
      new ReflectorOptions(
          Duration.ofSeconds(5),
          Duration.ofMinutes(2),
          Duration.ofSeconds(130),
          Duration.ofMinutes(30),
          Backoff.BackoffOptions.REGISTRY);

  private final Random random;
  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final SimulatedCluster cluster;
  private final SliceInformer feed;
  private final Map<Rare, Integer> reached = new EnumMap<>(Rare.class);
  private final Map<String, Slice> shown = new HashMap<>();
  private final Deque<Long> requestMillis = new ArrayDeque<>();
  private long seenVersion;
  private long notBeforeMillis;
  private boolean failed;

  /** Each allows for one step back in time, whenever it is noticed. */
  private int restores;

  ReflectorSimulation(long seed, Maker maker) {
    // The first draws of small seeds are nearly the same; spread out they are not.
    random = new Random(seed * 0x9E3779B97F4A7C15L);
    cluster = new SimulatedCluster(scheduler, random, new Requests());
    SliceInformer.InformerContext around =
        new SliceInformer.InformerContext(
            cluster,
            scheduler,
            random,
            new KubernetesMeters(new SimpleMeterRegistry(), "simulated"),
            OPTIONS);
    feed =
        new SliceInformer(
            new SliceScope("prod", "orders"), around, new Follower(), maker.make(OPTIONS, random));
  }

  static SliceInformer.ReflectorWithStore sound(ReflectorOptions options, Random random) {
    SliceStore store = new SliceStore();
    return new SliceInformer.ReflectorWithStore(store, new Reflector(options, store, random));
  }

  Map<Rare, Integer> run() {
    cluster.change();
    cluster.change();
    cluster.save();
    scheduler.execute(feed::start);
    for (int i = 0; i < 40; i++) {
      scheduler.advance(Duration.ofMillis(random.nextInt(15_000)));
      scheduler.execute(this::trouble);
    }
    scheduler.execute(() -> cluster.suffer(Fault.NONE));
    scheduler.advance(CALM);
    require("K8S-CONVERGES", shown.equals(cluster.slices()), shown + " for " + cluster.slices());
    scheduler.execute(feed::close);
    scheduler.advance(MINUTE);
    int known = requestMillis.size();
    scheduler.execute(cluster::change);
    scheduler.advance(Duration.ofMinutes(10));
    require("K8S-CLOSED-IS-QUIET", known == requestMillis.size(), "requests after the end");
    return reached;
  }

  private void trouble() {
    switch (random.nextInt(12)) {
      case 0 -> suffer(Fault.AWAY, Rare.AWAY);
      case 1 -> suffer(Fault.DEAF, Rare.DEAF);
      case 2 -> suffer(Fault.STORM, Rare.STORM);
      case 3 -> suffer(Fault.BUSY, Rare.BUSY);
      case 4 -> suffer(Fault.CURT, Rare.CURT);
      case 5 -> {
        reach(Rare.COMPACTED);
        cluster.compact();
      }
      case 6 -> {
        if (random.nextInt(4) == 0) {
          reach(Rare.RESTORED);
          restores++;
          cluster.restore();
        }
      }
      case 7, 8 -> cluster.suffer(Fault.NONE);
      default -> {
        for (int i = random.nextInt(5); i >= 0; i--) {
          cluster.change();
        }
      }
    }
    if (cluster.doubts() > 0) {
      reach(Rare.DOUBTED);
    }
  }

  private void suffer(Fault fault, Rare rare) {
    reach(rare);
    cluster.suffer(fault);
  }

  private void reach(Rare rare) {
    reached.merge(rare, 1, Integer::sum);
  }

  private long nowMillis() {
    return scheduler.virtualClock().elapsed().toMillis();
  }

  private void require(String guarantee, boolean holds, String why) {
    if (!holds) {
      throw new AssertionError(
          "guarantee " + guarantee + " at " + scheduler.virtualClock().elapsed() + ": " + why);
    }
  }

  private void see(long version, long before, String what) {
    if (version >= before) {
      return;
    }
    if (restores > 0) {
      restores--;
      shown.clear();
      seenVersion = version;
      return;
    }
    require("K8S-NO-TIME-TRAVEL", false, what + " is of " + version + " after " + before);
  }

  private final class Requests implements SimulatedCluster.Observer {
    @Override
    public void onList(ApiTransport.ApiListRequest query) {
      note();
      require("K8S-NO-TIME-TRAVEL", !query.version().equals("0"), "a list of version 0");
      if (!query.version().isEmpty()) {
        see(Long.parseLong(query.version()), seenVersion, "a list");
      }
    }

    @Override
    public void onWatch(ApiTransport.ApiWatchRequest query) {
      note();
      require("K8S-NO-TIME-TRAVEL", !query.version().equals("0"), "a watch of version 0");
    }

    @Override
    public void onBusy(Duration retryAfter) {
      notBeforeMillis = Math.max(notBeforeMillis, nowMillis() + retryAfter.toMillis());
    }

    private void note() {
      require(
          "K8S-WAITS-AS-ASKED",
          nowMillis() >= notBeforeMillis,
          "a request before " + notBeforeMillis);
      requestMillis.add(nowMillis());
      while (requestMillis.getFirst() < nowMillis() - MINUTE.toMillis()) {
        requestMillis.removeFirst();
      }
      require(
          "K8S-PACED",
          requestMillis.size() <= MAX_REQUESTS_PER_MINUTE,
          requestMillis.size() + " requests in a minute");
    }
  }

  private final class Follower implements SliceInformer.SliceListener {
    @Override
    public void onAll(Map<String, List<Slice>> slices) {
      failed = false;
      TreeSet<String> services = new TreeSet<>(slices.keySet());
      services.remove("orders");
      require("K8S-CONVERGES", services.isEmpty(), services + " is none of ours");
      show(slices.getOrDefault("orders", List.of()));
    }

    @Override
    public void onChanged(Map<String, List<Slice>> slices) {
      require("K8S-WHOLE-LIST-AFTER-FAILURE", !failed, "a part of the list");
      require("K8S-CONVERGES", slices.keySet().equals(Set.of("orders")), slices.keySet() + "");
      slices.values().forEach(this::show);
    }

    @Override
    public void onConfirmed() {
      reach(Rare.CONFIRMED);
    }

    @Override
    public void onFailure(RegistryException cause) {
      require("K8S-WHOLE-LIST-AFTER-FAILURE", !failed, "two failures in a row");
      failed = true;
      reach(Rare.REPORTED);
    }

    private void show(List<Slice> slices) {
      long newest = slices.stream().mapToLong(s -> Long.parseLong(s.version())).max().orElse(0);
      for (Slice slice : slices) {
        Slice before = shown.get(slice.name());
        if (before != null) {
          see(
              Long.parseLong(slice.version()),
              Long.parseLong(before.version()),
              slice.name() + " of " + newest);
        }
      }
      seenVersion = Math.max(seenVersion, newest);
      shown.clear();
      slices.forEach(slice -> shown.put(slice.name(), slice));
    }
  }
}
