package dev.holdfast.bench.gateway;

import dev.holdfast.bench.load.RegisteredServer;
import dev.holdfast.bench.process.LocalEtcd;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.ScratchFolder;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The benchmark of calls through the gateway while its upstreams are replaced, killed, and lose
 * their registry.
 */
public final class GatewayRoll extends Comparison {
  private static final Option UPSTREAMS =
      new Option("--upstreams", 6, 2, 2, 50, "instances of the service");
  private static final Option RATE =
      new Option("--rate", 1_000, 200, 1, 20_000, "calls per second, none of them idempotent");
  private static final Option CONNECTIONS =
      new Option("--connections", 4, 2, 1, 100, "connections of clients that carry them");
  private static final Option OUTAGE_SECONDS =
      new Option("--outage", 30, 1, 1, 600, "seconds for which the registry is away");
  private static final Option TAKEOVERS =
      new Option("--takeovers", 10, 2, 0, 1_000, "newer processes of the gateway (--handover)");
  private static final Option NEW_CONNECTIONS =
      new Option("--new-connections", 50, 50, 1, 1_000, "clients that connect anew, per second");

  private static final Duration DEADLINE = Duration.ofSeconds(30);
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final String SERVICE = "bench/echo";
  private static final int SETTLE_SECONDS = 2;

  /**
   * The largest accepted number of unsafe failures: the calls that one instance of six answers in
   * an eighth of a second.
   */
  private static final int MOST_UNSAFE = 20;

  @Override
  public String name() {
    return "gateway-roll";
  }

  @Override
  public String summary() {
    return "rolling restart of 6 upstreams, one kill -9, the registry away for 30 s, 10 takeovers"
        + " of the gateway: no call fails";
  }

  @Override
  public List<Option> options() {
    return List.of(UPSTREAMS, RATE, CONNECTIONS, OUTAGE_SECONDS, TAKEOVERS, NEW_CONNECTIONS);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "Plain grpc-java channels make unary calls that nobody may repeat, at a fixed rate, through"
            + " ./holdfast",
        "gateway, which follows a real etcd. Each instance, a process that registers itself, is"
            + " stopped in",
        "order and a new one started in its place; then one is killed with SIGKILL and replaced;"
            + " then etcd is",
        "stopped, stands still, comes back, and one more instance is replaced. Every newcomer must"
            + " be heard.",
        "Then the gateway itself is replaced by newer processes that take its sockets over"
            + " (--handover), while",
        "other clients connect anew all the time; a takeover fails when the newer process does not"
            + " serve, the older",
        "one does not end with 0, and refused are connections that were not let in and greeted."
            + " At last one more",
        "instance is replaced, which the newest process must notice.",
        "unsafe are failed calls that were under way at the kill: they may have been done, so"
            + " repeating them",
        "would be wrong. failed are all others. A call fails after "
            + DEADLINE.toSeconds()
            + " s.");
  }

  @Override
  protected List<String> unfair() {
    return List.of("to nobody: nothing is compared. Clients have no retries and no Holdfast.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    LocalEtcd etcd = LocalEtcd.start(runResources);
    Path folder = runResources.own(ScratchFolder.create("holdfast-bench-gateway")).path();
    RegisteredUpstreams registeredUpstreams =
        new RegisteredUpstreams(runResources, "etcd://" + etcd.address() + "/" + SERVICE, report);
    registeredUpstreams.populate(options.get(UPSTREAMS));
    String namespace = "etcd://" + etcd.address() + "/bench";
    GatewayTakeovers gateway =
        new GatewayTakeovers(runResources, new GatewayPrograms(folder), namespace, folder, report);
    List<ManagedChannel> channels =
        gateway.running().channels(runResources, options.get(CONNECTIONS));
    RollTraffic traffic =
        runResources.own(new RollTraffic(channels, options.get(RATE), DEADLINE).start());
    for (int i = 0; i < options.get(UPSTREAMS); i++) {
      registeredUpstreams.replaceOldest(traffic);
    }
    report.say("rolled: %d calls, %d failed", traffic.calls(), traffic.failed());
    long failedByRoll = traffic.failed();
    registeredUpstreams.killOldest(traffic);
    TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
    report.say("killed one: %d failed, %d unsafe", traffic.failed(), traffic.unsafe());
    etcd.stop();
    TimeUnit.SECONDS.sleep(options.get(OUTAGE_SECONDS));
    etcd.startAgain();
    report.say("etcd was away: %d calls, %d failed", traffic.calls(), traffic.failed());
    registeredUpstreams.replaceOldest(traffic);
    NewConnections clients =
        runResources.own(
            new NewConnections(gateway.running().port(), options.get(NEW_CONNECTIONS)).start());
    for (int i = 0; i < options.get(TAKEOVERS); i++) {
      gateway.takeOver();
    }
    registeredUpstreams.replaceOldest(traffic);
    clients.stop();
    traffic.stop();
    concludeTakeovers(options, report, gateway, clients);
    conclude(report, registeredUpstreams, traffic, failedByRoll);
  }

  private static void concludeTakeovers(
      Options options, Report report, GatewayTakeovers gateway, NewConnections clients) {
    int refused = clients.failures().values().stream().mapToInt(Integer::intValue).sum();
    report.say(
        "the gateway was taken over %d times under %d new connections",
        gateway.made(), clients.made());
    clients
        .failures()
        .forEach((text, count) -> report.say("refused %d connections: %s", count, text));
    report
        .figure("takeovers", gateway.made())
        .none("takeover_failed", gateway.failed())
        .none("refused", refused)
        .bound(
            gateway.made() == options.get(TAKEOVERS),
            "takeovers: %d (expected: %d)",
            gateway.made(),
            options.get(TAKEOVERS));
  }

  private static void conclude(
      Report report,
      RegisteredUpstreams registeredUpstreams,
      RollTraffic traffic,
      long failedByRoll) {
    traffic.failures().forEach((text, count) -> report.say("failed %d times: %s", count, text));
    report
        .figure("calls", traffic.calls())
        .none("failed", traffic.failed())
        .atMost("unsafe", traffic.unsafe(), MOST_UNSAFE)
        .figure("failed_by_roll", failedByRoll)
        .none("unheard", registeredUpstreams.unheard)
        .figure("longest_ms", traffic.longestMillis())
        .none("unaccounted", traffic.unaccounted());
  }

  /** The registered instances, from the oldest to the newest. */
  private static final class RegisteredUpstreams {
    private final RunResources runResources;
    private final String target;
    private final Report report;
    private final List<RegisteredServer> running = new ArrayList<>();
    private int next;
    int unheard;

    RegisteredUpstreams(RunResources runResources, String target, Report report) {
      this.runResources = runResources;
      this.target = target;
      this.report = report;
    }

    void populate(int count) throws IOException, InterruptedException {
      List<RegisteredServer> loading = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        loading.add(load());
      }
      for (RegisteredServer server : loading) {
        running.add(server.awaitLoaded().start());
      }
    }

    /**
     * Replaces the oldest instance as a rolling restart does: stop in order, wait, start another.
     */
    void replaceOldest(RollTraffic traffic) throws IOException, InterruptedException {
      RegisteredServer newcomer = load().awaitLoaded();
      RegisteredServer oldest = running.remove(0);
      oldest.beginStop();
      if (!oldest.awaitStopped()) {
        throw new IllegalStateException(oldest.name() + " does not stop");
      }
      admit(newcomer, traffic);
    }

    void killOldest(RollTraffic traffic) throws IOException, InterruptedException {
      RegisteredServer newcomer = load().awaitLoaded();
      RegisteredServer oldest = running.remove(0);
      traffic.killBegins();
      oldest.kill();
      traffic.killEnds();
      admit(newcomer, traffic);
    }

    private void admit(RegisteredServer newcomer, RollTraffic traffic)
        throws IOException, InterruptedException {
      running.add(newcomer.start());
      if (!traffic.awaitAnswerOf(newcomer.name(), PATIENCE)) {
        unheard++;
        report.say("%s was never heard", newcomer.name());
      }
    }

    private RegisteredServer load() throws IOException {
      return RegisteredServer.load(runResources, "i" + next++, target);
    }
  }
}
