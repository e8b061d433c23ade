package dev.holdfast.bench.xds;

import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The benchmark of the time that unmodified xDS clients in four languages take to follow a service.
 */
public final class XdsFollow extends Comparison {
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
  public List<Option> options() {
    return List.of(ROUNDS, RATE, RESTARTS, SEED);
  }

  @Override
  protected List<String> method() {
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
        "instance comes meanwhile, and is found once the control plane is there again. At the end"
            + " calls follow",
        "policies with every balancer. --quick is without grpc-go, whose client takes half a minute"
            + " of CPU",
        "to build.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "to us: the wait for the next call (1 / rate) and a pipe are in the figures.",
        "to others: one machine, loopback, little load; the servers run already.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    Path root = Path.of(System.getProperty("holdfast.home", ".")).toAbsolutePath();
    Map<CallerLanguage, List<String>> commands = commands(root, options.quick(), report);
    Path folder = Files.createTempDirectory("holdfast-bench-xds");
    runResources.own(() -> delete(folder));
    XdsTopology topology = new XdsTopology(runResources, report, folder, options.get(SEED));
    topology.open(2);
    Path bootstrap =
        Files.writeString(folder.resolve("bootstrap.json"), topology.xdsBootstrap().json());
    for (Map.Entry<CallerLanguage, List<String>> command : commands.entrySet()) {
      topology.callers.add(
          runResources.own(
              XdsCaller.start(
                  command.getKey(),
                  command.getValue(),
                  bootstrap,
                  "xds:///" + XdsTopology.SERVICE,
                  options.get(RATE))));
    }
    topology.awaitLongRunningInstances();
    report.say("calls reach both long-running instances in every language; changes begin");
    for (int round = 1; round <= options.get(ROUNDS); round++) {
      topology.round(round % options.get(RESTARTS) == 0);
      if (round % 10 == 0) {
        report.say("%d rounds", round);
      }
    }
    topology.followPolicies();
    report.say("calls followed %d policies in every language", XdsTopology.POLICIES.size());
    conclude(topology, report);
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

  private static void conclude(XdsTopology topology, Report report) throws Exception {
    int refusals = ControlProgram.refusals(topology.control());
    long answered = 0;
    int failed = 0;
    for (XdsCaller caller : topology.callers) {
      answered += caller.end();
      failed += caller.failures().size();
      caller.failures().stream()
          .limit(NAMED_FAILURES)
          .forEach(f -> report.say("%s: %s", caller.language().label(), f));
    }
    for (CallerLanguage language : CallerLanguage.values()) {
      if (topology.callers.stream().noneMatch(caller -> caller.language() == language)) {
        continue;
      }
      List<Double> millis = topology.millis.getOrDefault(language, List.of());
      report.bound(!millis.isEmpty(), "%s followed nothing", language.label());
      double p99 = millis.isEmpty() ? Double.NaN : Sample.of(millis).percentile(99);
      report.atMost(language.label() + "_ms", p99, P99_BOUND_MS);
    }
    report
        .none("failed", failed)
        .figure("answered", answered)
        .figure("changes", topology.millis.values().stream().mapToInt(List::size).max().orElse(0))
        .figure("restarts", topology.restarts)
        .none("refused", refusals)
        .bound(
            topology.lost == 0, "lost: %d instances never got a call (expected: 0)", topology.lost);
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
