package dev.holdfast.bench.liveness;

import dev.holdfast.bench.liveness.DeadPeerCut.CutResult;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.Sample;
import dev.holdfast.lab.PathFaults.IdleAction;
import dev.holdfast.lab.kernel.KernelLab;
import dev.holdfast.lab.kernel.KernelPath;
import dev.holdfast.lab.process.ChildJvm;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/** The benchmark of the time for which calls fail when a path or a whole machine goes silent. */
public final class DeadPeer extends Comparison {
  private static final Option CONNECTIONS =
      new Option("--connections", 100, 10, 1, 1_000, "connections of each side that go silent");
  private static final Option INTERVAL_MILLIS =
      new Option("--interval", 100, 100, 10, 10_000, "milliseconds between two calls of each");
  private static final Option SETTLE_SECONDS =
      new Option("--settle", 10, 4, 1, 600, "seconds of calls before the cut");
  private static final Option WATCH_SECONDS =
      new Option("--watch", 45, 8, 5, 600, "seconds of calls after the cut");

  private static final int ENDPOINTS = 3;
  private static final Duration START = Duration.ofMinutes(3);
  private static final Duration NEVER_IDLE = Duration.ofHours(1);
  private static final double RATIO_BOUND = 0.1;

  /**
   * The bound on the time from the first lost byte to the suspicion. Two retransmissions take 0.6
   * s.
   */
  private static final double SUSPECT_BOUND_MILLIS = 1_000;

  private static final double P99 = 99;

  @Override
  public String name() {
    return "dead-peer";
  }

  @Override
  public String summary() {
    return "from silence on the path to calls that succeed: p99 against stock keepalive <= 0.1";
  }

  @Override
  public List<Option> options() {
    return List.of(CONNECTIONS, INTERVAL_MILLIS, SETTLE_SECONDS, WATCH_SECONDS);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "Network namespaces with the kernel's own connection tracking and NAT in between; stock"
            + " servers on one",
        "side, on the other a process of stock channels (keepalive 10 s, time-out 20 s,"
            + " round_robin) beside a",
        "process of Holdfast channels (asked after 10 s, given up 20 s later): the same 30 s at"
            + " most. Every channel",
        "calls at a fixed rate, without deadlines. flow: all established connections are dropped,"
            + " new ones pass.",
        "endpoint: one of three servers falls silent for good, for every channel one connection"
            + " of three.",
        "Per channel the time from the cut to the answer of the first call after the last one that"
            + " failed or",
        "waited more than 2 s: from then on calls succeed. stuck: calls under way at the cut or"
            + " begun later that",
        "waited more than 2 s, of both cuts. A channel that did not recover counts with the time"
            + " watched.",
        "suspect: from the flow cut until Holdfast suspects a connection because its bytes are not"
            + " acknowledged",
        "(HF-404), as its meter shows; the call that is lost first comes up to one interval after"
            + " the cut.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "to stock: its keepalive can't be set below 10 s on the client, and it is not.",
        "to Holdfast: the time that nft takes to load the cut counts as silence.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    KernelLab lab =
        runResources.own(KernelLab.open(new KernelPath(NEVER_IDLE, IdleAction.DROP, ENDPOINTS)));
    List<String> listening = IntStream.range(0, ENDPOINTS).mapToObj(lab::serverAddress).toList();
    ChildJvm servers =
        runResources.own(
            ChildJvm.startIn(
                lab::inServer, "servers", DeadPeerServers.class, List.of("-Xmx1g"), listening));
    servers.await(DeadPeerServers.LISTENING, START);
    List<String> addresses = IntStream.range(0, ENDPOINTS).mapToObj(lab::address).toList();
    DeadPeerCut cut =
        new DeadPeerCut(
            lab,
            Duration.ofSeconds(options.get(SETTLE_SECONDS)),
            Duration.ofSeconds(options.get(WATCH_SECONDS)),
            options.get(CONNECTIONS),
            options.get(INTERVAL_MILLIS));
    CutResult flow =
        cut.run(runResources, report, "flow", addresses.subList(0, 1), lab::dropEstablished);
    CutResult endpoint = cut.run(runResources, report, "endpoint", addresses, () -> lab.silence(0));
    conclude(report, flow, endpoint);
    suspicion(report, flow.holdfast().suspected(), options);
  }

  /** Unacknowledged bytes alone must make each connection suspect, and soon. */
  private static void suspicion(Report report, List<Double> suspected, Options options) {
    int connections = options.get(CONNECTIONS);
    double boundMillis = SUSPECT_BOUND_MILLIS + options.get(INTERVAL_MILLIS);
    long inTime = suspected.stream().filter(millis -> millis <= boundMillis).count();
    double p99Millis = suspected.isEmpty() ? Double.NaN : Sample.of(suspected).percentile(P99);
    report.say(
        "flow: %d of %d connections suspect for unacknowledged bytes (HF-404) within %.0f ms",
        inTime, connections, boundMillis);
    report
        .figure("suspect_p99_ms", p99Millis)
        .bound(!suspected.isEmpty(), "suspect: no connection by HF-404 (expected: %d)", connections)
        .speedBound(
            p99Millis <= boundMillis,
            "suspect_p99_ms: %.0f (expected: <= %.0f)",
            p99Millis,
            boundMillis);
  }

  private static void conclude(Report report, CutResult flow, CutResult endpoint) {
    report
        .figure("flow_ratio", flow.ratio())
        .figure("endpoint_ratio", endpoint.ratio())
        .figure("flow_p99_ms", flow.holdfast().p99Millis())
        .figure("endpoint_p99_ms", endpoint.holdfast().p99Millis())
        .figure("stuck_stock", flow.stock().stuck() + endpoint.stock().stuck())
        .figure("stuck_holdfast", flow.holdfast().stuck() + endpoint.holdfast().stuck())
        .figure("flow_stock_p99_ms", flow.stock().p99Millis())
        .figure("endpoint_stock_p99_ms", endpoint.stock().p99Millis());
    for (CutResult one : List.of(flow, endpoint)) {
      report.bound(
          one.holdfast().lost() == 0,
          "%s: %d channels of Holdfast did not recover (expected: 0)",
          one.name(),
          one.holdfast().lost());
      report.speedBound(
          one.stock().lost() == 0,
          "%s: %d stock channels did not recover (expected: 0; a longer --watch)",
          one.name(),
          one.stock().lost());
      report.speedBound(
          one.ratio() <= RATIO_BOUND,
          "%s_ratio: %.3f (expected: <= %.1f)",
          one.name(),
          one.ratio(),
          RATIO_BOUND);
    }
  }
}
