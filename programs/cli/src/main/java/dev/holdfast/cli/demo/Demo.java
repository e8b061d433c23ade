package dev.holdfast.cli.demo;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.Limit;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.grpc.HoldfastChannelBuilder;
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
final class Demo {
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
  private final RegistryStage stage;
  private final DemoResources resources;

  Demo(DemoOptions options, DemoDisplay display, RegistryStage stage, DemoResources resources) {
    this.options = options;
    this.display = display;
    this.stage = stage;
    this.resources = resources;
  }

  /** Runs to the end; what was started still runs then. */
  DemoResult run() throws IOException, InterruptedException {
    ServiceName service = ServiceName.of("", "orders-" + resources.runId());
    RegistryUri uri = stage.uri();
    RegistryView view = resources.own(new RegistryView(uri, service));
    Fleet fleet =
        resources.own(new Fleet(new InstanceLauncher(uri, service, resources.scratch().logs())));
    display.say("registry: " + uri);
    List<InstanceProcess> first = fleet.launch(options.instances());
    DemoGateway gateway =
        resources.own(DemoGateway.start(resources.scratch(), DemoTarget.of(uri, service)));
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
        () -> Scene.crashed(fleet, gateway));

    ManagedChannel holdfast = holdfastChannel(uri, service);
    resources.own(() -> holdfast.shutdownNow());
    ManagedChannel stock = FixedList.channelTo(addresses(first));
    resources.own(() -> stock.shutdownNow());
    ManagedChannel through = channelTo(gateway.address());
    resources.own(() -> through.shutdownNow());
    warmUp(holdfast, stock, through);
    display.say(
        "two clients make "
            + options.ratePerSecond()
            + " calls/s each, with a deadline of "
            + LoadClient.DEADLINE.toSeconds()
            + " s: one follows the registry, the other is stock"
            + " grpc-java on the "
            + first.size()
            + " addresses of now");
    display.say(
        "a third one makes "
            + options.gatewayRatePerSecond()
            + " calls/s through the gateway; as long as this runs, so can you:");
    display.say("  " + gateway.curl());
    CallLedger ledger = new CallLedger();
    LoadClient client = new LoadClient("holdfast", holdfast, ledger, options.ratePerSecond());
    return tell(new Scene(fleet, stage, view, client, ledger, gateway), stock, through);
  }

  private DemoResult tell(Scene scene, ManagedChannel stock, ManagedChannel through)
      throws InterruptedException {
    CallLedger ledger = scene.ledger();
    CallLedger stockLedger = new CallLedger();
    CallLedger gatewayLedger = scene.gateway().ledger();
    LoadClient stockClient = new LoadClient("stock", stock, stockLedger, options.ratePerSecond());
    LoadClient gatewayClient =
        new LoadClient("gateway", through, gatewayLedger, options.gatewayRatePerSecond());
    DemoStory story = new DemoStory(scene, display, stockLedger);
    long startNanos = System.nanoTime();
    TableTicker ticker =
        new TableTicker(
            scene.fleet(), ledger, gatewayLedger, stockLedger, story::current, startNanos);
    List<LoadClient> clients = List.of(scene.client(), stockClient, gatewayClient);
    clients.forEach(LoadClient::start);
    List<StepReport> reports;
    StallWatch stalls = resources.own(StallWatch.start());
    try (var ticking = ticker.every(TABLE_MILLIS, display)) {
      reports = story.run(options.time());
      for (LoadClient each : clients) {
        each.close();
      }
    }
    showFailures(List.of(ledger, gatewayLedger), stalls, startNanos);
    return new DemoResult(
        ledger.totals(),
        (int) reports.stream().filter(StepReport::reachedGoal).count(),
        new DemoResult.Measured(
            measured(reports, ScaleUpStep.MEASURE),
            measured(reports, KillStep.MEASURE),
            measured(reports, GatewayReloadStep.MEASURE)),
        stockLedger.totals().failed(),
        stage.kind(),
        gatewayLedger.totals());
  }

  private void showFailures(List<CallLedger> ledgers, StallWatch stalls, long startNanos) {
    List<CallLedger.Failure> failures =
        ledgers.stream().flatMap(ledger -> ledger.failures().stream()).toList();
    for (CallLedger.Failure failure : failures) {
      double atSeconds = (failure.atNanos() - startNanos) / 1e9;
      display.failure(atSeconds, failure.step(), failure.status());
    }
    if (!failures.isEmpty()) {
      display.say(stalls.longest(startNanos));
    }
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
      CallLedger ledger = new CallLedger();
      List<LoadClient> clients =
          Arrays.stream(channels)
              .map(channel -> new LoadClient("warm-up", channel, ledger, WARM_UP_CALLS_PER_SECOND))
              .toList();
      clients.forEach(LoadClient::start);
      Patience.await(WARM_UP_ROUND_MILLIS, () -> false);
      for (LoadClient client : clients) {
        client.close();
      }
      if (ledger.totals().p99Millis() <= WARM_P99_MILLIS) {
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
