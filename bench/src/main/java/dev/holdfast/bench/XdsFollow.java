package dev.holdfast.bench;

import dev.holdfast.control.resources.Bootstrap;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.local.FreePort;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** How long unmodified clients of xDS in four languages take to follow a service. */
final class XdsFollow extends Comparison {
  private static final Option ROUNDS =
      new Option("--rounds", 40, 1, 1, 500, "times 2 -> 5 -> 1 -> 3 instances");
  private static final Option RATE =
      new Option("--rate", 200, 50, 1, 2_000, "calls per second of each client");
  private static final Option RESTARTS =
      new Option("--restart-every", 8, 1, 1, 500, "rounds from one kill of the control plane on");
  private static final Option SEED =
      new Option("--seed", 1, 1, 0, Integer.MAX_VALUE, "of the pauses between changes");

  private static final double P99_BOUND_MS = 1_000;
  private static final int NAMED_FAILURES = 5;

  @Override
  public String name() {
    return "xds-follow";
  }

  @Override
  public String summary() {
    return "grpc-java, grpc-js, grpcio and grpc-go follow 2 -> 5 -> 1 -> 3 instances: no failed"
        + " call";
  }

  @Override
  List<Option> options() {
    return List.of(ROUNDS, RATE, RESTARTS, SEED);
  }

  @Override
  List<String> method() {
    return List.of(
        "Small programs with an unmodified gRPC of each language make steady calls to xds:///names."
            + " The",
        "control plane, in a process of its own, follows a real etcd, in which records of stock"
            + " servers are",
        "put and deleted by a plain stub. The clock runs from just before a put is sent to the line"
            + " that",
        "the client prints at the first answer of the new instance. A server is stopped, with a"
            + " GOAWAY,",
        "after its record is gone for a while. In some rounds the control plane is killed; calls go"
            + " on, an",
        "instance comes meanwhile, and is found once the control plane is there again.");
  }

  @Override
  List<String> unfair() {
    return List.of(
        "to us: the wait for the next call (1 / rate) and a pipe are in the figures.",
        "to us: the --quick run is without grpc-go, whose client takes half a minute of CPU to"
            + " build.",
        "to others: one machine, loopback, little load; the servers run already.");
  }

  @Override
  void measure(Options options, Scope scope, Report report) throws Exception {
    Path root = Path.of(System.getProperty("holdfast.home", ".")).toAbsolutePath();
    Map<CallerLanguage, List<String>> commands = commands(root, options.quick(), report);
    Path folder = Files.createTempDirectory("holdfast-bench-xds");
    scope.own(() -> delete(folder));
    Town town = new Town(scope, report, folder, options.get(SEED));
    town.open(2);
    Path bootstrap = Files.writeString(folder.resolve("bootstrap.json"), town.bootstrap().json());
    for (Map.Entry<CallerLanguage, List<String>> command : commands.entrySet()) {
      town.callers.add(
          scope.own(
              XdsCaller.start(
                  command.getKey(),
                  command.getValue(),
                  bootstrap,
                  "xds:///" + Town.SERVICE,
                  options.get(RATE))));
    }
    town.awaitStandingInstances();
    report.say("calls reach both standing instances in every language; changes begin");
    for (int round = 1; round <= options.get(ROUNDS); round++) {
      town.round(round % options.get(RESTARTS) == 0);
      if (round % 10 == 0) {
        report.say("%d rounds", round);
      }
    }
    conclude(town, report);
  }

  private static Map<CallerLanguage, List<String>> commands(Path root, boolean quick, Report report)
      throws IOException, InterruptedException {
    Map<CallerLanguage, List<String>> commands = new EnumMap<>(CallerLanguage.class);
    for (CallerLanguage language : CallerLanguage.values()) {
      if (quick && language == CallerLanguage.GO) {
        continue;
      }
      Optional<List<String>> command = language.command(root);
      command.ifPresent(c -> commands.put(language, c));
      if (command.isEmpty()) {
        report.say("%s is left out: it can't be built or run here", language.label());
        report.bound(
            !"1".equals(System.getenv("HOLDFAST_NO_SKIPS")),
            "%s was left out (expected: none, as HOLDFAST_NO_SKIPS=1 says)",
            language.label());
      }
    }
    return commands;
  }

  private static void conclude(Town town, Report report) throws Exception {
    int refusals = ControlProgram.refusals(town.control());
    long answered = 0;
    int failed = 0;
    for (XdsCaller caller : town.callers) {
      answered += caller.end();
      failed += caller.failures().size();
      caller.failures().stream()
          .limit(NAMED_FAILURES)
          .forEach(f -> report.say("%s: %s", caller.language().label(), f));
    }
    for (CallerLanguage language : CallerLanguage.values()) {
      List<Double> millis = town.millis.getOrDefault(language, List.of());
      double p99 = millis.isEmpty() ? Double.NaN : Sample.of(millis).percentile(99);
      report.figure(language.label() + "_ms", p99);
      report.speedBound(
          millis.isEmpty() || p99 <= P99_BOUND_MS,
          "%s_ms: %.0f (expected: <= %.0f)",
          language.label(),
          p99,
          P99_BOUND_MS);
    }
    report
        .figure("failed", failed)
        .figure("answered", answered)
        .figure("changes", town.millis.values().stream().mapToInt(List::size).max().orElse(0))
        .figure("restarts", town.restarts)
        .figure("refused", refusals)
        .bound(failed == 0, "failed: %d (expected: 0)", failed)
        .bound(refusals == 0, "refused: %d responses (expected: 0)", refusals)
        .bound(town.lost == 0, "lost: %d instances never got a call (expected: 0)", town.lost);
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  /** The servers, their records, the control plane and those who call. */
  private static final class Town {
    static final String SERVICE = "names";

    private static final Duration CHANGE_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration RECONNECT_TIMEOUT = Duration.ofMinutes(2);
    private static final int LEAST_PAUSE_MS = 100;
    private static final int MORE_PAUSE_MS = 200;
    private static final int SPREAD_MS = 500;
    private static final int OUTAGE_MS = 2_000;

    final List<XdsCaller> callers = new ArrayList<>();
    final Map<CallerLanguage, List<Double>> millis = new EnumMap<>(CallerLanguage.class);
    int lost;
    int restarts;

    private final Scope scope;
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

    Town(Scope scope, Report report, Path folder, int seed) throws Exception {
      this.scope = scope;
      this.report = report;
      this.folder = folder;
      random = new Random(seed);
      etcd = LocalEtcd.start(scope);
      stub = scope.own(new EtcdStub(etcd.address()));
      servers = NameServers.startProgram(scope);
      try (ServerSocket free = FreePort.bind()) {
        port = free.getLocalPort();
      }
      Files.writeString(folder.resolve("policy.yaml"), "services: {}\n");
      control = startControl();
    }

    ChildJvm control() {
      return control;
    }

    Bootstrap bootstrap() {
      return new Bootstrap(
          List.of(new HostPort("127.0.0.1", port)),
          "bench",
          Bootstrap.Locality.UNKNOWN,
          Optional.empty());
    }

    void open(int count) throws Exception {
      for (int i = 0; i < count; i++) {
        put(start());
      }
    }

    void awaitStandingInstances() throws Exception {
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

    private ChildJvm startControl() throws IOException, InterruptedException {
      return scope.own(
          ControlProgram.start(
              "etcd://" + etcd.address() + "/bench",
              port,
              folder.resolve("snapshots"),
              folder.resolve("policy.yaml")));
    }

    /** Their own back-off says when they come. */
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

    /** When an instance answered a caller first; one that never does is lost. */
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
      for (Instance instance : leaving) {
        servers.send("stop " + instance.name());
      }
    }

    private Instance start() throws IOException, InterruptedException {
      String name = "s" + started++;
      return new Instance(name, "127.0.0.1:" + NameServers.start(servers, name));
    }

    private void put(Instance instance) {
      stub.put(key(instance), EtcdStub.record(instance.address(), instance.name(), Map.of()));
      present.add(instance);
    }

    private void pause() throws InterruptedException {
      TimeUnit.MILLISECONDS.sleep(LEAST_PAUSE_MS + random.nextInt(MORE_PAUSE_MS));
    }

    private static String key(Instance instance) {
      return EtcdStub.key("bench/" + SERVICE, instance.address());
    }
  }
}
