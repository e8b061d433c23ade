package dev.holdfast.bench.chaos;

import dev.holdfast.bench.load.OpenLoopLoad;
import dev.holdfast.bench.load.WarmUpCalls;
import dev.holdfast.bench.process.EtcdStub;
import dev.holdfast.bench.registry.MissingEndpoints;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.core.registration.InstanceRegistration;
import dev.holdfast.registry.etcd.proto.KeyValue;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * The clients around one cluster: registered instances, followers and a caller, each with
 * connections of its own.
 */
final class ChaosWorkload {
  private static final String SERVICE = "bench/chaos";
  private static final Duration CALL_DEADLINE = Duration.ofSeconds(10);
  private static final int WARM_UP_CALLS = 200;
  private static final long POLL_MILLIS = 100;

  /** The load of the population: number of followers, call rate, and TTL of the leases. */
  record Size(int followers, int callsPerSecond, int ttlSeconds) {}

  private final RunResources runResources;
  private final ChaosCluster etcd;
  private final Size size;
  private final Random random;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<ChaosClient> clients = new ArrayList<>();
  private final List<Instance> instances = new ArrayList<>();
  private final List<MissingEndpoints> followers = new ArrayList<>();

  private record Instance(Endpoint endpoint, InstanceRegistration registration) {}

  ChaosWorkload(RunResources runResources, ChaosCluster etcd, Size size, Random random) {
    this.runResources = runResources;
    this.etcd = etcd;
    this.size = size;
    this.random = random;
  }

  /** Registers an instance for each port and begins to follow them. */
  void start(List<Integer> ports) {
    SystemScheduler instancesLoop = loop("bench-chaos-instances");
    for (int port : ports) {
      Endpoint endpoint = Endpoint.of("127.0.0.1:" + port);
      instances.add(new Instance(endpoint, client(instancesLoop).register(endpoint)));
    }
    SystemScheduler followersLoop = loop("bench-chaos-followers");
    for (int i = 0; i < size.followers(); i++) {
      MissingEndpoints follower = new MissingEndpoints(addresses());
      ChaosClient client = client(followersLoop);
      var unused = client.directory().subscribe(client.service(), follower);
      followers.add(follower);
    }
  }

  /** A channel through the registry, warm, and steady calls on it that nothing may repeat. */
  OpenLoopLoad call() {
    ManagedChannel channel = client(loop("bench-chaos-calls")).channel();
    runResources.own(channel::shutdownNow);
    WarmUpCalls.make(channel, WARM_UP_CALLS);
    return runResources
        .own(
            new OpenLoopLoad(
                channel,
                size.callsPerSecond(),
                CALL_DEADLINE,
                (instance, sentNanos, answeredNanos) -> {}))
        .start();
  }

  /** Changes the record of one instance. */
  void change(int change) {
    Instance instance = instances.get(change % instances.size());
    instance
        .registration()
        .update(instance.endpoint().withMetadata(Map.of("change", Integer.toString(change))));
  }

  /**
   * Waits until every instance is visible, stands in the store and in every follower's list.
   *
   * @return who isn't, when the time is up
   */
  Set<String> settle(Duration patience) throws InterruptedException {
    long endNanos = System.nanoTime() + patience.toNanos();
    Set<String> missing = missing();
    while (!missing.isEmpty() && System.nanoTime() - endNanos < 0) {
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
      missing = missing();
    }
    return missing;
  }

  /** The watches that were begun again so far, by all clients. */
  long watchRestarts() {
    return (long)
        meters.find(RegistryMeter.WATCH_RESTARTS.meterName()).counters().stream()
            .mapToDouble(Counter::count)
            .sum();
  }

  /** When the clients declared wipes that were none. */
  List<Long> falseWipes() {
    return clients.stream().flatMap(client -> client.falseWipes().stream()).sorted().toList();
  }

  List<MissingEndpoints> followers() {
    return followers;
  }

  private Set<String> missing() {
    Set<String> missing = new TreeSet<>();
    for (Instance instance : instances) {
      if (instance.registration().state() != RegistrationState.VISIBLE) {
        missing.add(instance.endpoint().address().toString());
      }
    }
    followers.forEach(follower -> missing.addAll(follower.missing()));
    Set<String> stored = stored();
    addresses().stream().filter(address -> !stored.contains(address)).forEach(missing::add);
    return missing;
  }

  private Set<String> addresses() {
    Set<String> addresses = new HashSet<>();
    instances.forEach(instance -> addresses.add(instance.endpoint().address().toString()));
    return addresses;
  }

  /** The addresses in the store; none while it can't be read. */
  private Set<String> stored() {
    Set<String> stored = new HashSet<>();
    try (EtcdStub stub = new EtcdStub(etcd.member(0).address())) {
      for (KeyValue record : stub.records(SERVICE)) {
        stored.add(record.getKey().toStringUtf8().substring(SERVICE.length() + 1));
      }
    } catch (StatusRuntimeException e) {
      // Asked again until the time is up.
      stored.clear();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return stored;
  }

  private ChaosClient client(SystemScheduler loop) {
    // Short, so that lists are read beside changes, and events overtake some of them.
    String target =
        etcd.target(SERVICE, "ttl=" + size.ttlSeconds() + "s&request-timeout=5s&relist=4s");
    RegistryContext context =
        new RegistryContext(loop, meters, new Random(random.nextLong()), Map.of());
    ChaosClient client = runResources.own(new ChaosClient(target, context, etcd.losses()));
    clients.add(client);
    return client;
  }

  private SystemScheduler loop(String name) {
    SystemScheduler loop = SystemScheduler.create(name);
    runResources.own((AutoCloseable) () -> loop.execute(loop::close));
    return loop;
  }
}
