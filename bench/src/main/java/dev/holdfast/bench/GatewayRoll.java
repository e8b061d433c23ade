package dev.holdfast.bench;

import io.grpc.ManagedChannel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Calls through the gateway while its upstreams are replaced, killed, and lose their registry. */
final class GatewayRoll extends Comparison {
  private static final Option UPSTREAMS =
      new Option("--upstreams", 6, 2, 2, 50, "instances of the service");
  private static final Option RATE =
      new Option("--rate", 1_000, 200, 1, 20_000, "calls per second, none of them idempotent");
  private static final Option CONNECTIONS =
      new Option("--connections", 4, 2, 1, 100, "connections of clients that carry them");
  private static final Option OUTAGE_SECONDS =
      new Option("--outage", 30, 1, 1, 600, "seconds for which the registry is away");

  private static final Duration DEADLINE = Duration.ofSeconds(30);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String SERVICE = "bench/echo";
  private static final int SETTLE_SECONDS = 2;

  @Override
  public String name() {
    return "gateway-roll";
  }

  @Override
  public String summary() {
    return "rolling restart of 6 upstreams, one kill -9, the registry away for 30 s: no call fails";
  }

  @Override
  List<Option> options() {
    return List.of(UPSTREAMS, RATE, CONNECTIONS, OUTAGE_SECONDS);
  }

  @Override
  List<String> method() {
    return List.of(
        "Plain grpc-java channels make unary calls that nobody may repeat, at a fixed rate, through"
            + " ./holdfast",
        "gateway, which follows a real etcd. Each instance, a process that registers itself, is"
            + " stopped in",
        "order and a new one started in its place; then one is killed with SIGKILL and replaced;"
            + " then etcd is",
        "stopped, stands still, comes back, and one more instance is replaced. Every newcomer must"
            + " be heard.",
        "unsafe are failed calls that were under way at the kill: they may have been done, so"
            + " repeating them",
        "would be wrong. failed are all others. A call fails after "
            + DEADLINE.toSeconds()
            + " s.");
  }

  @Override
  List<String> unfair() {
    return List.of("to nobody: nothing is compared. Clients have no retries and no Holdfast.");
  }

  @Override
  void measure(Options options, Scope scope, Report report) throws Exception {
    LocalEtcd etcd = LocalEtcd.start(scope);
    Path folder = scope.own(ScratchFolder.create("holdfast-bench-gateway")).path();
    Town town = new Town(scope, "etcd://" + etcd.address() + "/" + SERVICE, report);
    town.populate(options.get(UPSTREAMS));
    String namespace = "etcd://" + etcd.address() + "/bench";
    GatewayProxy proxy = scope.own(new GatewayPrograms(folder).holdfast(namespace, 0));
    proxy.awaitServing();
    List<ManagedChannel> channels = proxy.channels(scope, options.get(CONNECTIONS));
    RollTraffic traffic = scope.own(new RollTraffic(channels, options.get(RATE), DEADLINE).start());
    for (int i = 0; i < options.get(UPSTREAMS); i++) {
      town.replaceOldest(traffic);
    }
    report.say("rolled: %d calls, %d failed", traffic.calls(), traffic.failed());
    long failedByRoll = traffic.failed();
    town.killOldest(traffic);
    TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
    report.say("killed one: %d failed, %d unsafe", traffic.failed(), traffic.unsafe());
    etcd.stop();
    TimeUnit.SECONDS.sleep(options.get(OUTAGE_SECONDS));
    etcd.startAgain();
    report.say("etcd was away: %d calls, %d failed", traffic.calls(), traffic.failed());
    town.replaceOldest(traffic);
    traffic.stop();
    conclude(report, town, traffic, failedByRoll);
  }

  private static void conclude(Report report, Town town, RollTraffic traffic, long failedByRoll) {
    traffic.failures().forEach((text, count) -> report.say("failed %d times: %s", count, text));
    report
        .figure("calls", traffic.calls())
        .figure("failed", traffic.failed())
        .figure("unsafe", traffic.unsafe())
        .figure("failed_by_roll", failedByRoll)
        .figure("unheard", town.unheard)
        .figure("longest_ms", traffic.longestMillis())
        .figure("unaccounted", traffic.unaccounted())
        .bound(traffic.failed() == 0, "failed: %d (expected: 0)", traffic.failed())
        .bound(town.unheard == 0, "newcomers never heard: %d (expected: 0)", town.unheard)
        .bound(traffic.unaccounted() == 0, "unaccounted: %d (expected: 0)", traffic.unaccounted());
  }

  /** The instances, oldest first. */
  private static final class Town {
    private final Scope scope;
    private final String target;
    private final Report report;
    private final List<RegisteredServer> running = new ArrayList<>();
    private int next;
    int unheard;

    Town(Scope scope, String target, Report report) {
      this.scope = scope;
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

    /** As a rolling restart does it: stop in order, wait, start another. */
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
      return RegisteredServer.load(scope, "i" + next++, target);
    }
  }
}
