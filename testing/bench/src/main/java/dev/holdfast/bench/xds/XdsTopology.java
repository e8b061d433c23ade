package dev.holdfast.bench.xds;

import dev.holdfast.bench.process.EtcdStub;
import dev.holdfast.bench.process.LocalEtcd;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.control.resources.XdsBootstrap;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.local.FreePort;
import dev.holdfast.lab.process.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * The system under the xDS benchmark: servers, their records, the control plane and the callers.
 */
final class XdsTopology {
  static final String SERVICE = "names";

  /** All that can be said, between them; each is given the subset that calls should go to. */
  static final List<String> POLICIES =
      List.of(
          "split: {%s: 100%%}, timeout: 10s, max-calls: 5000",
          "split: {%s: 100%%}, balancer: least_request, outliers: {factor: 1900},"
              + " retry: {methods: [/holdfast.interop.Names/*]}",
          "routes: [{path: /holdfast.interop.Names/Who, to: %s}], balancer: ring_hash,"
              + " hash-header: x-user, outliers: {failure-percent: 90}",
          "routes: [{headers: {x-none: {present: false}}, to: {%s: 40%%, none: 60%%}},"
              + " {headers: {x-a: {prefix: a}, x-b: {suffix: b}, x-c: {contains: c}},"
              + " percent: 0.5%%}]");

  private static final Duration CHANGE_TIMEOUT = Duration.ofMinutes(3);
  private static final Duration RECONNECT_TIMEOUT = Duration.ofMinutes(2);
  private static final int LEAST_PAUSE_MS = 100;
  private static final int MORE_PAUSE_MS = 200;
  private static final int SPREAD_MS = 500;
  private static final int OUTAGE_MS = 2_000;

  final List<XdsCaller> callers = new ArrayList<>();
  final Map<CallerLanguage, List<Double>> millis = new EnumMap<>(CallerLanguage.class);
  int lost;
  int restarts;

  private final RunResources runResources;
  private final Report report;
  private final Path folder;
  private final Random random;
  private final LocalEtcd etcd;
  private final EtcdStub stub;
  private final ChildJvm servers;
  private final int port;
  private final List<Instance> present = new ArrayList<>();
  private ChildJvm control;
  private int started;

  /** A server with a record. */
  private record Instance(String name, String address) {}

  XdsTopology(RunResources runResources, Report report, Path folder, int seed) throws Exception {
    this.runResources = runResources;
    this.report = report;
    this.folder = folder;
    random = new Random(seed);
    etcd = LocalEtcd.start(runResources);
    stub = runResources.own(new EtcdStub(etcd.address()));
    servers = InstanceNameServers.startProgram(runResources);
    port = FreePort.find();
    Files.writeString(folder.resolve("policy.yaml"), "services: {}\n");
    control = startControl();
  }

  ChildJvm control() {
    return control;
  }

  XdsBootstrap xdsBootstrap() {
    return new XdsBootstrap(
        List.of(new HostPort("127.0.0.1", port)),
        "bench",
        XdsBootstrap.Locality.UNKNOWN,
        Optional.empty());
  }

  void open(int count) throws Exception {
    for (int i = 0; i < count; i++) {
      put(start());
    }
  }

  void awaitLongRunningInstances() throws Exception {
    for (XdsCaller caller : callers) {
      for (Instance instance : present) {
        if (caller.awaitFirst(instance.name(), RECONNECT_TIMEOUT).isEmpty()) {
          throw new IllegalStateException(
              caller.language().label()
                  + " never reached "
                  + instance.name()
                  + ": "
                  + caller.failures());
        }
      }
    }
  }

  /** 2 -> 5 -> 1 -> 3 -> 2. */
  void round(boolean restart) throws Exception {
    grow(3, true);
    shrink(4);
    if (restart) {
      control.kill();
      TimeUnit.MILLISECONDS.sleep(OUTAGE_MS);
      grow(1, false);
      control = startControl();
      awaitClients();
      for (XdsCaller caller : callers) {
        count(caller, present.get(present.size() - 1));
      }
      shrink(1);
      restarts++;
    }
    grow(2, true);
    shrink(1);
  }

  /** Each sends all calls to the instances of one version, and the next to those of the other. */
  void followPolicies() throws Exception {
    grow(2, false);
    for (int i = 0; i < POLICIES.size(); i++) {
      String version = "v" + i % 2;
      Path aside = folder.resolve("policy.new");
      Files.writeString(
          aside,
          "services: {names: {subsets: {v0: {version: v0}, v1: {version: v1}, none: {no: \"1\"}}, "
              + POLICIES.get(i).formatted(version)
              + "}}\n");
      Files.move(
          aside,
          folder.resolve("policy.yaml"),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
      for (XdsCaller caller : callers) {
        awaitOnly(caller, version);
      }
    }
  }

  private void awaitOnly(XdsCaller caller, String version) throws Exception {
    long deadline = System.nanoTime() + CHANGE_TIMEOUT.toNanos();
    Set<String> called = Set.of();
    while (called.isEmpty() || !called.stream().allMatch(name -> version(name).equals(version))) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            "%s calls %s (expected: instances of %s only)"
                .formatted(caller.language().label(), called, version));
      }
      TimeUnit.MILLISECONDS.sleep(LEAST_PAUSE_MS);
      called = caller.takeCounts(CHANGE_TIMEOUT).keySet();
    }
  }

  private static String version(String name) {
    return "v" + Integer.parseInt(name.substring(1)) % 2;
  }

  private ChildJvm startControl() throws IOException, InterruptedException {
    return runResources.own(
        ControlProgram.start(
            "etcd://" + etcd.address() + "/bench",
            port,
            folder.resolve("snapshots"),
            folder.resolve("policy.yaml")));
  }

  /** Waits until all clients have reconnected, as their own back-off lets them. */
  private void awaitClients() throws Exception {
    long deadline = System.nanoTime() + RECONNECT_TIMEOUT.toNanos();
    while (ControlProgram.clients(control) < callers.size()) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException("not all clients came back to the control plane");
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  private void grow(int count, boolean measured) throws Exception {
    List<Instance> newcomers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      newcomers.add(start());
    }
    pause();
    List<Long> putNanos = new ArrayList<>();
    for (Instance instance : newcomers) {
      putNanos.add(System.nanoTime());
      put(instance);
    }
    for (int i = 0; measured && i < count; i++) {
      for (XdsCaller caller : callers) {
        long put = putNanos.get(i);
        count(caller, newcomers.get(i))
            .ifPresent(
                at ->
                    millis
                        .computeIfAbsent(caller.language(), l -> new ArrayList<>())
                        .add((at - put) / 1e6));
      }
    }
  }

  /**
   * The time of an instance's first answer to a caller. An instance that never answers counts as
   * lost.
   */
  private Optional<Long> count(XdsCaller caller, Instance instance) throws InterruptedException {
    Optional<Long> at = caller.awaitFirst(instance.name(), CHANGE_TIMEOUT);
    if (at.isEmpty()) {
      lost++;
      report.say("%s never reached %s", caller.language().label(), instance.name());
    }
    return at;
  }

  private void shrink(int count) throws Exception {
    pause();
    List<Instance> leaving = new ArrayList<>(present.subList(0, count));
    present.removeAll(leaving);
    for (Instance instance : leaving) {
      stub.delete(key(instance));
    }
    TimeUnit.MILLISECONDS.sleep(SPREAD_MS);
    Set<String> names = leaving.stream().map(Instance::name).collect(Collectors.toSet());
    for (XdsCaller caller : callers) {
      awaitLeft(caller, names);
    }
    for (Instance instance : leaving) {
      servers.send("stop " + instance.name());
    }
  }

  /** On a busy machine a caller hears of a change late: whom it calls still is not stopped yet. */
  private static void awaitLeft(XdsCaller caller, Set<String> names) throws Exception {
    long deadline = System.nanoTime() + CHANGE_TIMEOUT.toNanos();
    Set<String> called = caller.takeCounts(CHANGE_TIMEOUT).keySet();
    do {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            "%s calls %s (expected: none of %s, whose records are gone)"
                .formatted(caller.language().label(), called, names));
      }
      TimeUnit.MILLISECONDS.sleep(LEAST_PAUSE_MS);
      called = caller.takeCounts(CHANGE_TIMEOUT).keySet();
    } while (called.isEmpty() || !Collections.disjoint(called, names));
  }

  private Instance start() throws IOException, InterruptedException {
    String name = "s" + started++;
    return new Instance(name, "127.0.0.1:" + InstanceNameServers.start(servers, name));
  }

  private void put(Instance instance) {
    Map<String, String> metadata = Map.of("version", version(instance.name()));
    stub.put(key(instance), EtcdStub.record(instance.address(), instance.name(), metadata));
    present.add(instance);
  }

  private void pause() throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(LEAST_PAUSE_MS + random.nextInt(MORE_PAUSE_MS));
  }

  private static String key(Instance instance) {
    return EtcdStub.key("bench/" + SERVICE, instance.address());
  }
}
