package dev.holdfast.bench;

import dev.holdfast.bench.channel.ChannelCost;
import dev.holdfast.bench.chaos.EtcdChaos;
import dev.holdfast.bench.conformance.Conformance;
import dev.holdfast.bench.conformance.ConnectConformance;
import dev.holdfast.bench.conformance.GrpcInterop;
import dev.holdfast.bench.conformance.H2spec;
import dev.holdfast.bench.conformance.Showcase;
import dev.holdfast.bench.deploy.Deploy;
import dev.holdfast.bench.duplex.DuplexConformance;
import dev.holdfast.bench.events.EventSources;
import dev.holdfast.bench.gateway.GatewayAttacks;
import dev.holdfast.bench.gateway.GatewayCost;
import dev.holdfast.bench.gateway.GatewayFuzz;
import dev.holdfast.bench.gateway.GatewayReload;
import dev.holdfast.bench.gateway.GatewayRoll;
import dev.holdfast.bench.gateway.GatewayStreams;
import dev.holdfast.bench.liveness.DeadPeer;
import dev.holdfast.bench.liveness.DoctorCases;
import dev.holdfast.bench.liveness.FalseClose;
import dev.holdfast.bench.liveness.IdleCost;
import dev.holdfast.bench.registry.Discovery;
import dev.holdfast.bench.registry.FleetBenchmark;
import dev.holdfast.bench.registry.KubernetesBenchmark;
import dev.holdfast.bench.registry.Outage;
import dev.holdfast.bench.registry.Relist;
import dev.holdfast.bench.run.Benchmark;
import dev.holdfast.bench.sessions.ConsoleCost;
import dev.holdfast.bench.sessions.Rebalance;
import dev.holdfast.bench.sessions.ReconnectStorm;
import dev.holdfast.bench.sessions.SessionCost;
import dev.holdfast.bench.soak.Soak;
import dev.holdfast.bench.spring.SpringApplications;
import dev.holdfast.bench.streams.StreamCost;
import dev.holdfast.bench.streams.StreamsFlood;
import dev.holdfast.bench.streams.StreamsSim;
import dev.holdfast.bench.transcoding.Transcoding;
import dev.holdfast.bench.versions.Versions;
import dev.holdfast.bench.xds.Xds;
import dev.holdfast.bench.xds.XdsFollow;
import java.util.List;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;

/** The main class of {@code bench/run}, which finds a {@link Benchmark} by its name and runs it. */
public final class Bench {
  /** Every benchmark there is; a new one adds itself here. */
  public static final List<Benchmark> ALL =
      List.of(
          new Discovery(),
          new ChannelCost(),
          new FleetBenchmark(),
          new Outage(),
          new Relist(),
          new EtcdChaos(),
          new KubernetesBenchmark(),
          new DoctorCases(),
          new InKernelLab(new FalseClose()),
          new StreamsSim(),
          new DuplexConformance(),
          new StreamCost(),
          new StreamsFlood(),
          new SessionCost(),
          new ReconnectStorm(),
          new Soak(),
          new Rebalance(),
          new Deploy(),
          new ConsoleCost(),
          new InKernelLab(new DeadPeer()),
          new IdleCost(),
          new Xds(),
          new XdsFollow(),
          new NeedsArchitecture(
              new NeedsTools(new Conformance(), Conformance.TOOLS), Conformance.ARCHITECTURE),
          new NeedsTools(new ConnectConformance(), ConnectConformance.TOOLS),
          new NeedsTools(new Showcase(), Showcase.TOOLS),
          new NeedsTools(new GatewayCost(), GatewayCost.TOOLS),
          new NeedsTools(new Transcoding(), Transcoding.TOOLS),
          new NeedsTools(new H2spec(), H2spec.TOOLS),
          new GatewayStreams(),
          new GatewayRoll(),
          new EventSources(),
          new GatewayReload(),
          new NeedsTools(new GatewayAttacks(), GatewayAttacks.TOOLS),
          new NeedsTools(new GrpcInterop(), GrpcInterop.TOOLS),
          new GatewayFuzz(),
          new NeedsTools(new Versions(), Versions.TOOLS),
          new NeedsTools(new SpringApplications(), SpringApplications.TOOLS));

  /** Logback's own property; children are given it too. */
  private static final String LOG_CONFIGURATION = "logback.configurationFile";

  private Bench() {}

  /** Runs the benchmark named first, with the other arguments, and exits with its exit code. */
  public static void main(String[] args) {
    if (System.getProperty(LOG_CONFIGURATION) == null) {
      System.setProperty(LOG_CONFIGURATION, "logback-bench.xml");
    }
    int exitCode = 1;
    try {
      exitCode = run(ALL, List.of(args));
    } catch (Exception e) {
      LoggerFactory.getLogger(Bench.class).error("event=bench_failed", e);
    }
    // Threads of whatever was measured must not keep a failed run alive.
    System.exit(exitCode);
  }

  static int run(List<Benchmark> known, List<String> args) throws Exception {
    String first = args.isEmpty() ? "--help" : args.get(0);
    switch (first) {
      case "--help", "-h" -> {
        System.out.println("Usage: bench/run NAME [options]    (bench/run --list: names only)");
        known.forEach(one -> System.out.printf("  %-12s %s%n", one.name(), one.summary()));
        return args.isEmpty() ? 2 : 0;
      }
      case "--list" -> {
        known.forEach(one -> System.out.println(one.name()));
        return 0;
      }
      default -> {
        for (Benchmark one : known) {
          if (one.name().equals(first)) {
            return one.run(args.subList(1, args.size()));
          }
        }
        System.err.printf("bench: %s (expected: one of %s)%n", first, names(known));
        return 2;
      }
    }
  }

  private static String names(List<Benchmark> known) {
    return known.stream().map(Benchmark::name).collect(Collectors.joining(", "));
  }
}
