package dev.holdfast.bench.gateway;

import com.google.protobuf.AnyProto;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import com.google.protobuf.WrappersProto;
import dev.holdfast.bench.attacks.Attack;
import dev.holdfast.bench.gateway.AttackedProxy.AttackResult;
import dev.holdfast.bench.load.EchoServers;
import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.ScratchFolder;
import dev.holdfast.bench.v1.EchoRequest;
import dev.holdfast.core.local.FreePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The benchmark of hostile clients' cost to other clients: Holdfast's gateway and HAProxy under the
 * same attacks.
 */
public final class GatewayAttacks extends Comparison {
  public static final List<ExternalTool> TOOLS = List.of(GatewayPrograms.HAPROXY);

  private static final Option ATTACK_SECONDS =
      new Option("--attack-seconds", 10, 1, 1, 600, "for how long each attack goes on");
  private static final Option QUIET_SECONDS =
      new Option("--quiet-seconds", 3, 1, 1, 600, "calls without an attack before each of them");
  private static final Option RATE =
      new Option("--rate", 200, 200, 4, 10_000, "calls per second of the bystander");
  private static final Option WARM_UP =
      new Option("--warm-up-seconds", 10, 1, 1, 600, "calls before the first attack");
  private static final Option RETAINED_SECONDS =
      new Option(
          "--retained-seconds", 60, 0, 0, 600, "from the last attack to the measurement of memory");
  private static final Option PEER_ATTACKS =
      new Option(
          "--peer-attacks",
          Attack.values().length,
          1,
          0,
          Attack.values().length,
          "so many attacks, from the first on, are made against HAProxy as well");
  private static final Option ONLY =
      new Option("--only", 0, 0, 0, Attack.values().length, "number of the one attack to make");

  private static final long RETAINED_MB_BOUND = 64;
  private static final double BYTES_PER_MB = 1_048_576;

  private static final Duration CALL_DEADLINE = Duration.ofSeconds(5);

  /** Beside other smoke tests a call may wait for seconds before anybody attacks. */
  private static final Duration PATIENT_CALL_DEADLINE = Duration.ofSeconds(30);

  @Override
  public String name() {
    return "gateway-attacks";
  }

  @Override
  public String summary() {
    return "calls of others while clients attack: none fails, p99 not more times its own than"
        + " HAProxy's";
  }

  @Override
  public List<Option> options() {
    return List.of(
        ATTACK_SECONDS, QUIET_SECONDS, RATE, WARM_UP, RETAINED_SECONDS, PEER_ATTACKS, ONLY);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "A bystander makes unary calls at a fixed rate over four plain grpc-java channels through a"
            + " proxy, with a",
        "deadline of 5 s, while a process of raw sockets attacks the same endpoint through the same"
            + " proxy; a client",
        "whose connection is ended connects again after 20 ms. Each attack is made against"
            + " Holdfast, then against",
        "HAProxy, both with two threads before one grpc-java server. A ratio is p99 of the"
            + " bystander's calls beside an",
        "attack over p99 of its calls of the whole run without one, through the same proxy. failed"
            + " are its calls",
        "that failed through Holdfast. Attacks on translation have no counterpart at HAProxy; their"
            + " ratio counts for",
        "Holdfast all the same, so that the worst of HAProxy's is the bound for them, too."
            + " retained_mb is resident",
        "memory of the gateway a minute after the last attack over that before the first.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "to both: attacker, proxy, server and bystander share the cores.",
        "to us: a JVM compiles under the first attack of a kind.",
        "to HAProxy: it comes from Debian, and has no limits that somebody would have to set.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    Path folder = runResources.own(ScratchFolder.create("holdfast-bench-attacks")).path();
    List<Integer> ports = EchoServers.ports(EchoServers.startSilent(runResources, 2, folder));
    GatewayPrograms programs = new GatewayPrograms(folder);
    AttackedProxy ours = open(options, runResources, holdfast(programs, folder, ports.get(0)));
    AttackedProxy haproxy = open(options, runResources, programs.haproxyOfBoth(ports.get(1)));
    long before = ours.residentBytes();
    List<Attack> attacks = List.of(Attack.values());
    for (int number = 1; number <= attacks.size(); number++) {
      if (options.get(ONLY) == 0 || options.get(ONLY) == number) {
        Attack attack = attacks.get(number - 1);
        measureUnderAttack(options, runResources, report, ours, attack);
        if (attack.isGeneral() && number <= options.get(PEER_ATTACKS)) {
          measureUnderAttack(options, runResources, report, haproxy, attack);
        }
      }
    }
    TimeUnit.SECONDS.sleep(options.get(RETAINED_SECONDS));
    conclude(options, report, ours, haproxy, (ours.residentBytes() - before) / BYTES_PER_MB);
  }

  private static AttackedProxy open(
      Options options, RunResources runResources, GatewayProxy started)
      throws IOException, InterruptedException {
    GatewayProxy proxy = runResources.own(started);
    proxy.awaitServing();
    Duration deadline = options.quick() ? PATIENT_CALL_DEADLINE : CALL_DEADLINE;
    AttackedProxy attacked = new AttackedProxy(proxy, runResources, options.get(RATE), deadline);
    attacked.warmUp(Duration.ofSeconds(options.get(WARM_UP)));
    return attacked;
  }

  private static void measureUnderAttack(
      Options options, RunResources runResources, Report report, AttackedProxy proxy, Attack attack)
      throws Exception {
    proxy.measureUnderAttack(
        runResources,
        attack,
        Duration.ofSeconds(options.get(QUIET_SECONDS)),
        Duration.ofSeconds(options.get(ATTACK_SECONDS)));
    AttackResult seen = proxy.results().get(attack);
    if (seen != null) {
      report.say(
          "%-22s %-8s resident %.0f MB%s",
          attack.key(),
          proxy.proxy().name(),
          proxy.residentBytes() / BYTES_PER_MB,
          seen.reasons().isEmpty() ? "" : "; failed: " + seen.reasons());
    }
  }

  private static GatewayProxy holdfast(GatewayPrograms programs, Path folder, int upstreamPort)
      throws IOException {
    int port = FreePort.find();
    Path descriptors = folder.resolve("attacked.desc");
    Files.write(descriptors, descriptors().toByteArray());
    Path file = folder.resolve("gateway.yaml");
    Files.writeString(
        file,
        """
        listeners:
          - address: 127.0.0.1:%d
        admin: none
        clusters:
          attacked:
            endpoints: [127.0.0.1:%d]
            descriptor-sets: [attacked.desc]
        routes:
          - cluster: attacked
        """
            .formatted(port, upstreamPort));
    return programs.holdfastWith(file, port);
  }

  /** The service of the bystander, and one whose messages say their types themselves. */
  static FileDescriptorSet descriptors() {
    FileDescriptorProto attacked =
        FileDescriptorProto.newBuilder()
            .setName("attacked.proto")
            .setPackage("bench")
            .setSyntax("proto3")
            .addDependency("google/protobuf/any.proto")
            .addDependency("google/protobuf/wrappers.proto")
            .addMessageType(DescriptorProto.newBuilder().setName("Taken"))
            .addService(
                ServiceDescriptorProto.newBuilder()
                    .setName("Attacked")
                    .addMethod(
                        MethodDescriptorProto.newBuilder()
                            .setName("Take")
                            .setInputType(".google.protobuf.Any")
                            .setOutputType(".bench.Taken")))
            .build();
    return FileDescriptorSet.newBuilder()
        .addFile(AnyProto.getDescriptor().toProto())
        .addFile(WrappersProto.getDescriptor().toProto())
        .addFile(EchoRequest.getDescriptor().getFile().toProto())
        .addFile(attacked)
        .build();
  }

  private static void conclude(
      Options options, Report report, AttackedProxy ours, AttackedProxy haproxy, double retained) {
    report.print(
        String.format(
            Locale.ROOT,
            "%-22s %-8s %12s %6s %8s %9s %8s %7s",
            "attack",
            "proxy",
            "frames/s",
            "conns",
            "p50 ms",
            "p99 ms",
            "ratio",
            "failed"));
    for (Attack attack : ours.results().keySet()) {
      say(report, ours, attack);
      say(report, haproxy, attack);
    }
    double worst = worst(ours);
    double worstOfHaproxy = worst(haproxy);
    long failed = failed(ours);
    report
        .figure("attacks", ours.results().size())
        .none("failed", failed)
        .figure("worst_p99_ratio", worst)
        .figure("haproxy_worst_p99_ratio", worstOfHaproxy)
        .atMost("retained_mb", retained, RETAINED_MB_BOUND)
        .figure("haproxy_failed", failed(haproxy))
        .figure("quiet_p99_ms", ours.quietP99())
        .figure("haproxy_quiet_p99_ms", haproxy.results().isEmpty() ? 0 : haproxy.quietP99())
        .bound(
            options.get(ONLY) > 0 || ours.results().size() == Attack.values().length,
            "attacks: %d (expected: %d)",
            ours.results().size(),
            Attack.values().length)
        .speedBound(
            worst <= worstOfHaproxy,
            "worst_p99_ratio: %.2f (expected: <= %.2f, HAProxy's)",
            worst,
            worstOfHaproxy);
  }

  private static void say(Report report, AttackedProxy proxy, Attack attack) {
    AttackResult seen = proxy.results().get(attack);
    if (seen != null) {
      report.print(
          String.format(
              Locale.ROOT,
              "%-22s %-8s %12.0f %6d %8.2f %9.2f %8.2f %7d",
              attack.key(),
              proxy.proxy().name(),
              seen.framesPerSecond(),
              seen.connections(),
              seen.millis().median(),
              seen.millis().percentile(99),
              seen.millis().percentile(99) / proxy.quietP99(),
              seen.failed()));
    }
  }

  private static double worst(AttackedProxy proxy) {
    return proxy.results().values().stream()
        .mapToDouble(seen -> seen.millis().percentile(99) / proxy.quietP99())
        .max()
        .orElse(0);
  }

  private static long failed(AttackedProxy proxy) {
    Map<Attack, AttackResult> attackResults = proxy.results();
    return proxy.quietFailed()
        + attackResults.values().stream().mapToLong(AttackResult::failed).sum();
  }
}
