package dev.holdfast.bench.spring;

import dev.holdfast.bench.process.EtcdStub;
import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.bench.process.LocalEtcd;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.ScratchFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The benchmark of two Spring Boot applications, a gRPC server and its client, with the starter on
 * etcd and without it on DNS, under the same faults.
 */
public final class SpringApplications extends Comparison {
  public static final List<ExternalTool> TOOLS = BootPrograms.TOOLS;

  /** The release of Spring Boot whose applications are measured. */
  public static final String BOOT = "4.1.2";

  private static final Option RATE =
      new Option("--rate", 200, 50, 1, 2_000, "calls per second of each client");
  private static final Option OUTAGE_SECONDS =
      new Option("--outage-seconds", 30, 3, 1, 3_600, "for how long etcd is away");
  private static final Option DEADLINE_SECONDS =
      new Option("--deadline-seconds", 2, 10, 1, 60, "the deadline of each call");
  private static final Option ALTERNATIONS =
      new Option("--alternations", 10, 1, 1, 100, "starts of each application, of each side");

  private static final String SERVICE = "orders";
  private static final String CHANNEL = "spring.grpc.client.channel.orders.";
  private static final FaultStory.Lengths LENGTHS_QUICK = new FaultStory.Lengths(1, 1, 1, 0);
  private static final FaultStory.Lengths LENGTHS = new FaultStory.Lengths(5, 10, 3, 0);
  private static final double LEAST_SHARE_ISSUED = 0.8;

  /** What a careful user of Boot sets: retries of a method that only reads. */
  private static final List<String> CAREFUL =
      List.of(
          CHANNEL + "service-config.method[0].name[0].service=holdfast.interop.spring.v1.Orders",
          CHANNEL + "service-config.method[0].name[0].method=Find",
          CHANNEL + "service-config.method[0].retry.max-attempts=4",
          CHANNEL + "service-config.method[0].retry.initial-backoff=50ms",
          CHANNEL + "service-config.method[0].retry.max-backoff=1s",
          CHANNEL + "service-config.method[0].retry.backoff-multiplier=2",
          CHANNEL + "service-config.method[0].retry.retryable-status-codes=UNAVAILABLE");

  /** And that neither the JVM nor gRPC keeps an answer of DNS for the 30 s of their default. */
  private static final List<String> CAREFUL_JVM =
      List.of("-Dsun.net.inetaddr.ttl=5", "-Dnetworkaddress.cache.ttl=5");

  /** Connections end after a while, so that clients ask DNS again and find new servers. */
  private static final List<String> CAREFUL_SERVER =
      List.of("spring.grpc.server.keepalive.connection.max-age=30s");

  @Override
  public String name() {
    return "spring";
  }

  @Override
  public String summary() {
    return "Spring Boot applications with the starter on etcd: kill -9, rolling restart, etcd away:"
        + " no call fails";
  }

  @Override
  public List<Option> options() {
    return List.of(RATE, OUTAGE_SECONDS, DEADLINE_SECONDS, ALTERNATIONS);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "The applications of testing/interop/spring on Spring Boot " + BOOT + ": two servers and a",
        "client a side, each a process, with the same code, flags and faults in the same moments.",
        "With the starter they have a target and a registry (etcd) in their properties, no more.",
        "Without it they are what a careful user of Boot makes: servers with graceful shutdown"
            + " (the",
        "default) behind a DNS name as of a headless Service, each with an address of its own,",
        "max-age 30 s; a client with Boot's round_robin, 4 attempts for UNAVAILABLE in the service",
        "config, 5 s for answers of DNS in the JVM and in gRPC. plain_failed: a second client of",
        "these servers, with nothing but the target.",
        "Each client makes calls at a steady rate with a deadline (--deadline-seconds), of a method"
            + " that is",
        "declared free of side effects. One server is killed and later replaced; both are replaced",
        "one by one (new one ready, then SIGTERM); one is replaced and etcd is stopped in that"
            + " moment;",
        "when it is back another is replaced. Every call that did not end with OK is failed, from"
            + " the",
        "first answered call of each client on.",
        "startup_added_ms: the worse median of both applications, from the start of the process to",
        "Boot's ready event (server) and to the first answer (client), in turn with and without.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "to the starter: a DNS name changes at once and for all (a hosts file that the JVM reads);",
        "there is no DNS server that could be away, while etcd is.",
        "to the side without: its clients share the machine with one more client than the other.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    Path scratch = runResources.own(ScratchFolder.create("holdfast-bench-spring")).path();
    BootPrograms programs = BootPrograms.build(BOOT, scratch);
    report.say("the applications are built");
    LocalEtcd etcd = LocalEtcd.start(runResources);
    EtcdStub stub = runResources.own(new EtcdStub(etcd.address()));
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    new Run(options, runResources, report, programs, etcd, stub, java, scratch).run();
  }

  /** The run, step by step. */
  private static final class Run {
    private final Options options;
    private final RunResources runResources;
    private final Report report;
    private final BootPrograms programs;
    private final LocalEtcd etcd;
    private final Path java;
    private final StarterServers starterServers;
    private final StarterServers startedAndKilled;
    private final StockServers stockServers;

    Run(
        Options options,
        RunResources runResources,
        Report report,
        BootPrograms programs,
        LocalEtcd etcd,
        EtcdStub stub,
        Path java,
        Path scratch)
        throws Exception {
      this.options = options;
      this.runResources = runResources;
      this.report = report;
      this.programs = programs;
      this.etcd = etcd;
      this.java = java;
      this.starterServers =
          new StarterServers(programs, runResources, java, stub, etcd.address(), SERVICE);
      // Records of killed servers stay for a while, where no client under measurement looks.
      this.startedAndKilled =
          new StarterServers(programs, runResources, java, stub, etcd.address(), "startup");
      this.stockServers = new StockServers(programs, runResources, java, scratch, CAREFUL_SERVER);
    }

    void run() throws Exception {
      FaultStory.Side starter = new FaultStory.Side(starterServers);
      FaultStory.Side stock = new FaultStory.Side(stockServers);
      List<BootProcess> clients = new ArrayList<>();
      FaultStory.Lengths lengths = options.quick() ? LENGTHS_QUICK : LENGTHS;
      FaultStory story =
          new FaultStory(
              List.of(starter, stock),
              clients,
              etcd,
              report,
              new FaultStory.Lengths(
                  lengths.steadySeconds(),
                  lengths.killedSeconds(),
                  lengths.pauseSeconds(),
                  options.get(OUTAGE_SECONDS)));
      story.addOne();
      story.addOne();
      report.say("two servers a side");
      StartupTimes servers = serverStarts();
      StartupTimes client = clientStarts();
      for (int i = 0; i < options.get(ALTERNATIONS); i++) {
        servers.measure(i % 2 == 0);
        client.measure(i % 2 == 0);
      }
      servers.tell(report);
      client.tell(report);
      BootProcess withStarter = starterClient();
      BootProcess careful = stockClient("stock", CAREFUL_JVM, CAREFUL);
      BootProcess plain = stockClient("plain", List.of(), List.of());
      clients.addAll(List.of(withStarter, careful, plain));
      for (BootProcess each : clients) {
        int unused = each.awaitReady();
      }
      for (BootProcess each : clients) {
        // A JVM that starts beside two others needs longer than a deadline for its first call.
        Await.until(
            "an answered call of " + each.name(),
            () -> !each.ask("CALL", "CALLED").startsWith("failed"));
      }
      for (BootProcess each : clients) {
        each.send("LOAD " + options.get(RATE));
      }
      long loadNanos = System.nanoTime();
      awaitAnswered(withStarter, starter);
      awaitAnswered(careful, stock);
      awaitAnswered(plain, stock);
      report.say("all servers are called");
      story.play();
      awaitAnswered(withStarter, starter);
      double seconds = (System.nanoTime() - loadNanos) / 1e9;
      conclude(clients, seconds, starter, servers, client);
    }

    private void awaitAnswered(BootProcess client, FaultStory.Side side) throws Exception {
      for (OrdersServers.Instance instance : side.running) {
        Await.until(
            "a call of " + client.name() + " at " + instance.name(),
            () -> client.isAnsweredBy(instance.name()));
      }
    }

    private BootProcess starterClient() throws Exception {
      return client(
          "starter",
          true,
          List.of(),
          List.of(CHANNEL + "target=" + StarterServers.target(etcd.address(), SERVICE)));
    }

    private BootProcess stockClient(String name, List<String> jvmOptions, List<String> more)
        throws Exception {
      List<String> options = new ArrayList<>(jvmOptions);
      options.add(stockServers.hostsOption());
      List<String> properties = new ArrayList<>(more);
      properties.add(CHANNEL + "target=" + stockServers.target());
      return client(name, false, options, properties);
    }

    private BootProcess client(
        String name, boolean starter, List<String> jvmOptions, List<String> properties)
        throws Exception {
      List<String> all = new ArrayList<>(properties);
      all.add("orders.deadline=" + options.get(DEADLINE_SECONDS) + "s");
      return runResources.own(
          BootProcess.start(
              name,
              programs.command(BootPrograms.Application.CLIENT, starter, java, jvmOptions, all)));
    }

    private StartupTimes serverStarts() {
      return new StartupTimes(
          "server", () -> serverMillis(startedAndKilled), () -> serverMillis(stockServers));
    }

    private StartupTimes clientStarts() {
      return new StartupTimes(
          "client",
          () -> clientMillis(starterClient()),
          () -> clientMillis(stockClient("stock", CAREFUL_JVM, CAREFUL)));
    }

    private static double serverMillis(OrdersServers servers) throws Exception {
      OrdersServers.Instance instance = servers.begin();
      int unused = instance.process().awaitReady();
      double millis = instance.process().ageMillis();
      instance.process().kill();
      return millis;
    }

    private static double clientMillis(BootProcess client) throws Exception {
      int unused = client.awaitReady();
      String instance = client.ask("CALL", "CALLED");
      double millis = client.ageMillis();
      client.kill();
      if (instance.startsWith("failed")) {
        throw new IllegalStateException("the first call of " + client.name() + " " + instance);
      }
      return millis;
    }

    private void conclude(
        List<BootProcess> clients,
        double seconds,
        FaultStory.Side starter,
        StartupTimes servers,
        StartupTimes client)
        throws Exception {
      List<Long> failed = new ArrayList<>();
      double expected = seconds * options.get(RATE) * LEAST_SHARE_ISSUED;
      long calls = 0;
      for (BootProcess each : clients) {
        BootProcess.Counts counts = each.counts("STOP", "STOPPED");
        failed.add(counts.failed() + counts.open());
        calls = each == clients.get(0) ? counts.issued() : calls;
        report
            .bound(
                counts.issued() >= expected,
                "calls of %s: %d (expected: at least %.0f)",
                each.name(),
                counts.issued(),
                expected)
            .say("%s: %d calls, failures: %s", each.name(), counts.issued(), each.failures());
      }
      List<String> never =
          starter.all.stream()
              .map(OrdersServers.Instance::name)
              .filter(name -> !clients.get(0).isAnsweredBy(name))
              .toList();
      report
          .none("failed", failed.get(0))
          .figure("startup_added_ms", Math.max(servers.addedMillis(), client.addedMillis()))
          .figure("stock_failed", failed.get(1))
          .figure("plain_failed", failed.get(2))
          .figure("calls", calls)
          .figure("startup_server_added_ms", servers.addedMillis())
          .figure("startup_client_added_ms", client.addedMillis())
          .figure("startup_server_ms", servers.stockMillis())
          .figure("startup_client_ms", client.stockMillis())
          .figure("instances", starter.all.size())
          .bound(never.isEmpty(), "never called: %s (expected: none)", never);
    }
  }
}
