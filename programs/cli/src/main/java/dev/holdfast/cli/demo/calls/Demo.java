package dev.holdfast.cli.demo.calls;

import dev.holdfast.cli.demo.load.CallStats;
import dev.holdfast.cli.demo.load.LoadClient;
import dev.holdfast.cli.demo.load.StaticResolverProvider;
import dev.holdfast.cli.demo.process.DemoConsole;
import dev.holdfast.cli.demo.process.DemoResources;
import dev.holdfast.cli.demo.process.DemoTarget;
import dev.holdfast.cli.demo.process.InstanceLauncher;
import dev.holdfast.cli.demo.process.InstanceProcess;
import dev.holdfast.cli.demo.process.PollingWait;
import dev.holdfast.cli.demo.registry.DemoRegistry;
import dev.holdfast.cli.demo.registry.RegistryView;
import dev.holdfast.cli.demo.report.DemoDisplay;
import dev.holdfast.cli.demo.report.StepReport;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.lab.load.StallRecorder;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/**
 * The run of {@code demo}: sets up the registry, starts the clients, runs the steps, and computes
 * the result.
 *
 * <p>{@link DemoResources} closes everything that a run started, however the run ends.
 */
public final class Demo {
  private static final long TABLE_MILLIS = 1_000;
  private static final int WARM_UP_CALLS_PER_SECOND = 1_000;
  private static final long WARM_UP_ROUND_MILLIS = 500;

  @Limit(
      of = "rounds of half a second in which `demo` waits for calls to become quick",
      then = "it begins all the same")
  private static final int MOST_WARM_UP_ROUNDS = 12;

  private static final double WARM_P99_MILLIS = 20;

  private final DemoOptions options;
  private final DemoDisplay display;
  private final DemoRegistry stage;
  private final DemoResources resources;

  public Demo(
      DemoOptions options, DemoDisplay display, DemoRegistry stage, DemoResources resources) {
    this.options = options;
    this.display = display;
    this.stage = stage;
    this.resources = resources;
  }

  /** Runs to the end; what was started still runs then. */
  public DemoResult run() throws IOException, InterruptedException {
    HostPort here = resources.admin().startHere();
    ServiceName service = ServiceName.of("", "orders-" + resources.runId());
    RegistryUri uri = stage.uri();
    RegistryView view = resources.own(new RegistryView(uri, service));
    DemoInstances demoInstances =
        resources.own(
            new DemoInstances(
                new InstanceLauncher(
                    uri,
                    service,
                    resources.runDirectory().logs(),
                    resources.scrapeTargets(),
                    resources.admin())));
    display.say("registry: " + uri);
    List<InstanceProcess> first = demoInstances.launch(options.instances());
    DemoGateway gateway = resources.own(DemoGateway.start(resources, DemoTarget.of(uri, service)));
    display.say(
        "starting "
            + first.size()
            + " instances of the service "
            + service
            + " and a gateway as processes ...");
    view.awaitStart(
        first.size(),
        "instances",
        () ->
            gateway.process().address().isPresent()
                && first.stream().allMatch(instance -> instance.address().isPresent()),
        () -> StepContext.crashed(demoInstances, gateway));

    ManagedChannel holdfast = holdfastChannel(uri, service);
    resources.own(() -> holdfast.shutdownNow());
    ManagedChannel stock = StaticResolverProvider.channelTo(addresses(first));
    resources.own(() -> stock.shutdownNow());
    ManagedChannel through = channelTo(gateway.address());
    resources.own(() -> through.shutdownNow());
    warmUp(holdfast, stock, through);
    explain(first.size(), gateway);
    display.say(
        "look at it all in a browser:  "
            + resources
                .own(
                    DemoConsole.open(
                        uri, service, here, List.of(gateway.adminAddress()), resources.admin()))
                .link());
    CallStats ledger = new CallStats();
    LoadClient client = new LoadClient("holdfast", holdfast, ledger, options.ratePerSecond());
    return runScenario(
        new StepContext(demoInstances, stage, view, client, ledger, gateway), stock, through);
  }

  private void explain(int instances, DemoGateway gateway) {
    display.say(
        "two clients make "
            + options.ratePerSecond()
            + " calls/s each, with a deadline of "
            + LoadClient.DEADLINE.toSeconds()
            + " s: one follows the registry, the other is stock"
            + " grpc-java on the "
            + instances
            + " addresses of now");
    display.say(
        "a third one makes "
            + options.gatewayRatePerSecond()
            + " calls/s through the gateway; as long as this runs, so can you:");
    display.say("  " + gateway.curl());
  }

  private DemoResult runScenario(
      StepContext stepContext, ManagedChannel stock, ManagedChannel through)
      throws InterruptedException {
    CallStats ledger = stepContext.stats();
    CallStats stockLedger = new CallStats();
    CallStats gatewayLedger = stepContext.gateway().stats();
    LoadClient stockClient = new LoadClient("stock", stock, stockLedger, options.ratePerSecond());
    LoadClient gatewayClient =
        new LoadClient("gateway", through, gatewayLedger, options.gatewayRatePerSecond());
    DemoScenario story = new DemoScenario(stepContext, display, stockLedger);
    long startNanos = System.nanoTime();
    long startMillis = System.currentTimeMillis();
    TableTicker ticker =
        new TableTicker(
            stepContext.fleet(), ledger, gatewayLedger, stockLedger, story::current, startNanos);
    List<LoadClient> clients = List.of(stepContext.client(), stockClient, gatewayClient);
    clients.forEach(LoadClient::start);
    List<StepReport> reports;
    StallRecorder stalls = resources.own(StallRecorder.start());
    try (var ticking = ticker.every(TABLE_MILLIS, display)) {
      reports = story.run(options.time());
      for (LoadClient each : clients) {
        each.close();
      }
    }
    if (showFailures(List.of(ledger, gatewayLedger), startNanos)) {
      display.say(stalls.longestInWords(startMillis));
    }
    return new DemoResult(
        ledger.clientCallTotals(),
        (int) reports.stream().filter(StepReport::reachedGoal).count(),
        new DemoResult.Measured(
            measured(reports, ScaleUpStep.MEASURE),
            measured(reports, KillStep.MEASURE),
            measured(reports, GatewayReloadStep.MEASURE)),
        stockLedger.clientCallTotals().failed(),
        stage.kind(),
        gatewayLedger.clientCallTotals());
  }

  /** Shows the failed calls; false when there are none. */
  private boolean showFailures(List<CallStats> ledgers, long startNanos) {
    List<CallStats.CallFailure> callFailures =
        ledgers.stream().flatMap(ledger -> ledger.callFailures().stream()).toList();
    for (CallStats.CallFailure callFailure : callFailures) {
      double atSeconds = (callFailure.atNanos() - startNanos) / 1e9;
      display.failure(atSeconds, callFailure.step(), callFailure.status());
    }
    return !callFailures.isEmpty();
  }

  /** A stock channel to a single address, without name resolution. */
  private static ManagedChannel channelTo(HostPort address) {
    return NettyChannelBuilder.forAddress(address.host(), address.port()).usePlaintext().build();
  }

  private static ManagedChannel holdfastChannel(RegistryUri uri, ServiceName service) {
    return HoldfastChannelBuilder.forTarget(
            DemoTarget.of(uri, service), InsecureChannelCredentials.create())
        .build();
  }

  /**
   * Calls that count nowhere, until they are quick: a JVM that has just started would measure its
   * own compiler.
   */
  private static void warmUp(ManagedChannel... channels) throws InterruptedException {
    for (int round = 1; round <= MOST_WARM_UP_ROUNDS; round++) {
      CallStats ledger = new CallStats();
      List<LoadClient> clients =
          Arrays.stream(channels)
              .map(channel -> new LoadClient("warm-up", channel, ledger, WARM_UP_CALLS_PER_SECOND))
              .toList();
      clients.forEach(LoadClient::start);
      PollingWait.await(WARM_UP_ROUND_MILLIS, () -> false);
      for (LoadClient client : clients) {
        client.close();
      }
      if (ledger.clientCallTotals().p99Millis() <= WARM_P99_MILLIS) {
        return;
      }
    }
  }

  private static List<HostPort> addresses(List<InstanceProcess> instances) {
    return instances.stream().flatMap(instance -> instance.address().stream()).toList();
  }

  private static OptionalLong measured(List<StepReport> reports, String name) {
    return reports.stream()
        .filter(report -> report.measured().containsKey(name))
        .mapToLong(report -> Long.parseLong(report.measured().get(name)))
        .findFirst();
  }
}
