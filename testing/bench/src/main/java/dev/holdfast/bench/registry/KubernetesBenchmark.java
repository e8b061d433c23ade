package dev.holdfast.bench.registry;

import dev.holdfast.bench.load.OpenLoopLoad;
import dev.holdfast.bench.load.RunTimeline;
import dev.holdfast.bench.load.WarmUpCalls;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.Sample;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.lab.kubernetes.ApiFault;
import dev.holdfast.lab.kubernetes.ApiRequest;
import dev.holdfast.lab.kubernetes.ApiServer;
import dev.holdfast.lab.kubernetes.ApiVerb;
import dev.holdfast.lab.load.PacedWait;
import dev.holdfast.lab.load.Pacer;
import dev.holdfast.lab.load.StallRecorder;
import dev.holdfast.lab.process.ChildJvm;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * The benchmark of a churning fleet of pods: the delay until new pods get calls and removed pods
 * get none.
 */
public final class KubernetesBenchmark extends Comparison {
  private static final Option PODS =
      new Option("--pods", 300, 40, 10, 1_000, "in the list at a time");
  private static final Option SLICES =
      new Option("--slices", 6, 6, 1, 50, "that the pods are spread over");
  private static final Option CHANGES =
      new Option("--changes", 50, 20, 1, 200, "per second, at all times");
  private static final Option RATE =
      new Option("--rate", 2_000, 200, 10, 10_000, "calls per second, at all times");
  private static final Option WARM_UP =
      new Option("--warm-up-seconds", 15, 2, 0, 600, "of churn that are not counted");
  private static final Option SECONDS =
      new Option(
          "--seconds", 30, 3, 1, 3_600, "of churn that are, before and again after the storm");
  private static final Option GRACE =
      new Option(
          "--grace-ms", 1_000, 5_000, 100, 60_000, "after its removal a call to a pod is wrong");
  private static final Option STORM =
      new Option("--storm-seconds", 10, 2, 2, 600, "in which every watch is answered with 410");

  private static final double P99_BOUND_MS = 100;
  private static final int LEAST_SAMPLES = 500;

  /** So long, in graces, an address rests: a late call is none to the next pod there. */
  private static final int REST_GRACES = 3;

  /** A client that waits about a second between lists, and sometimes less: waits are random. */
  private static final int RELISTS_PER_STORM_SECOND = 2;

  private static final int OTHER_RELISTS = 10;
  private static final int WARM_UP_CALLS = 200;
  private static final Duration CALL_DEADLINE = Duration.ofSeconds(1);

  /**
   * While both programs are cold, and in a smoke run, which shares its machine with others that may
   * stand still for a while.
   */
  private static final Duration PATIENT_CALL_DEADLINE = Duration.ofSeconds(10);

  private static final Duration TIMEOUT = Duration.ofMinutes(3);
  private static final long SETTLE_MILLIS = 2_000;

  @Override
  public String name() {
    return "kubernetes";
  }

  @Override
  public String summary() {
    return "pods churning in EndpointSlices: from the change to the first call p99 <= 100 ms, no"
        + " call to a pod gone for 1 s";
  }

  @Override
  public List<Option> options() {
    return List.of(PODS, SLICES, CHANGES, RATE, GRACE, WARM_UP, SECONDS, STORM);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "A Holdfast channel for kubernetes:///orders.bench:grpc makes steady calls to stock"
            + " grpc-java",
        "servers in another process, one for each pod, at addresses of their own on one port. All",
        "the time the oldest pod is taken out of its slice, then one that rested is put into one.",
        "The clock runs from just before the put to the answer of the first call that the new pod",
        "served: watch, list, TCP, HTTP/2 and one whole call are in it. wrong counts the calls"
            + " sent",
        "to a pod more than --grace-ms after it was removed. In the middle every watch is answered",
        "with 410 for a while, first by ERROR events, then as HTTP code, and the churn goes on:",
        "relists are the lists of the whole run after the first. What happens in the storm has",
        "figures of its own (storm_..) without bounds. Calls have 1 s; only before the measured"
            + " part,",
        "while 300 connections are opened at once by two programs that the JVM has not compiled"
            + " yet,",
        "they have 10 s. failed counts those of the whole run, and it is said when they failed.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "to us: the wait for the next call is in the figure; API server, client and caller share",
        "one JVM, and the servers are on the same cores.",
        "to others: a removed pod goes on answering, where a real one would refuse: late calls are",
        "seen, but cost nothing. The API server is that of the test kit: no etcd, no other load.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    Duration grace = Duration.ofMillis(options.get(GRACE));
    int spare =
        (int) (grace.toMillis() * options.get(CHANGES) * REST_GRACES / 2_000) + options.get(SLICES);
    StallRecorder stills = runResources.own(StallRecorder.start());
    ChildJvm servers = PodServers.start(runResources, options.get(PODS) + spare);
    ApiServer api = runResources.own(ApiServer.start());
    PodFleet fleet =
        new PodFleet(
            api.store(),
            PodServers.port(servers),
            grace,
            new PodFleet.Size(options.get(PODS), spare, options.get(SLICES)));
    ManagedChannel channel =
        HoldfastChannelBuilder.forTarget(
                "kubernetes:///"
                    + PodFleet.SERVICE
                    + "."
                    + PodFleet.NAMESPACE
                    + ":grpc?kubeconfig="
                    + kubeconfig(runResources, api))
            .usePlaintext()
            .build();
    runResources.own(channel::shutdownNow);
    WarmUpCalls.make(channel, WARM_UP_CALLS);
    RunTimeline runTimeline = new RunTimeline(stills, servers);
    runTimeline.begin("ramp-up");
    OpenLoopLoad coldCalls =
        runResources.own(
            new OpenLoopLoad(channel, options.get(RATE), PATIENT_CALL_DEADLINE, fleet));
    runTimeline.count(coldCalls.start());
    await("a call at every pod", () -> fleet.called() == options.get(PODS));
    report.say("calls reach all %d pods; the churn begins", options.get(PODS));
    runTimeline.begin("warm-up");
    churn(options, fleet, options.get(WARM_UP));
    coldCalls.stop();
    report.say(
        "warm: %d calls, failed: %d, the longest took %.0f ms",
        coldCalls.issued(), coldCalls.failed(), coldCalls.longestNanos() / 1e6);
    Duration deadline = options.quick() ? PATIENT_CALL_DEADLINE : CALL_DEADLINE;
    OpenLoopLoad calls =
        runResources.own(new OpenLoopLoad(channel, options.get(RATE), deadline, fleet));
    runTimeline.begin("churn");
    runTimeline.count(calls.start());
    new Story(options, report, api, fleet, calls, runTimeline).run();
  }

  /** The run, step by step. */
  private record Story(
      Options options,
      Report report,
      ApiServer api,
      PodFleet fleet,
      OpenLoopLoad calls,
      RunTimeline diary) {

    void run() throws Exception {
      PodFleet.FleetPeriod before = fleet.begin();
      churn(options.get(SECONDS));
      report.say("%d changes; now the storm", before.changes);
      diary.begin("storm");
      PodFleet.FleetPeriod storm = fleet.begin();
      double recoverySeconds = storm();
      diary.begin("churn after the storm");
      PodFleet.FleetPeriod after = fleet.begin();
      churn(options.get(SECONDS));
      TimeUnit.MILLISECONDS.sleep(SETTLE_MILLIS);
      fleet.settle();
      calls.stop();
      conclude(before, storm, after, recoverySeconds);
    }

    /** Every watch is refused for a while; the end is when one stands again and a second more. */
    private double storm() throws Exception {
      int seconds = options.get(STORM);
      api.faults().fail(ApiVerb.WATCH, ApiFault.expiredEvent());
      api.expireWatches();
      churn(seconds / 2.0);
      api.faults().fail(ApiVerb.WATCH, ApiFault.expired());
      churn(seconds - seconds / 2.0);
      api.faults().heal();
      long healedNanos = System.nanoTime();
      long deadlineNanos = healedNanos + TIMEOUT.toNanos();
      while (api.openWatches() == 0) {
        if (System.nanoTime() - deadlineNanos > 0) {
          throw new IllegalStateException(
              "no watch within " + TIMEOUT.toSeconds() + " s of the storm's end");
        }
        churn(0.1);
      }
      double recovery = (System.nanoTime() - healedNanos) / 1e9;
      report.say("a watch stands again after %.1f s; %d lists so far", recovery, lists());
      churn(1);
      return recovery;
    }

    private void churn(double seconds) {
      KubernetesBenchmark.churn(options, fleet, seconds);
    }

    /** Lists that began anew; further pages of one don't count. */
    private long lists() {
      return api.requests().stream()
          .filter(request -> request.verb() == ApiVerb.LIST)
          .filter((ApiRequest request) -> request.parameter("continue").isEmpty())
          .count();
    }

    private void conclude(
        PodFleet.FleetPeriod before,
        PodFleet.FleetPeriod storm,
        PodFleet.FleetPeriod after,
        double recoverySeconds)
        throws Exception {
      before.toCallMs.addAll(after.toCallMs);
      Sample toCall = Sample.of(before.toCallMs);
      Sample inStorm = Sample.of(storm.toCallMs);
      int neverCalled = before.neverCalled + after.neverCalled;
      long wrong = before.wrong.get() + after.wrong.get();
      long relists = lists() - 1;
      long mostRelists = (long) RELISTS_PER_STORM_SECOND * options.get(STORM) + OTHER_RELISTS;
      long failed = diary.failed();
      double latestMs = Math.max(before.latestMicros.get(), after.latestMicros.get()) / 1e3;
      report.say(
          "put to first call ms: median %.1f, quartiles %.1f to %.1f, p99 %.1f, max %.1f",
          toCall.median(),
          toCall.lowerQuartile(),
          toCall.upperQuartile(),
          toCall.percentile(99),
          toCall.max());
      report.say("the latest call to a removed pod was sent %.1f ms after its removal", latestMs);
      report.say(
          "in the storm: put to first call ms median %.1f, max %.1f; %d calls to pods gone for 1 s",
          inStorm.median(), inStorm.max(), storm.wrong.get());
      report
          .atMost("change_to_call_p99_ms", toCall.percentile(99), P99_BOUND_MS)
          .none("wrong", wrong)
          .figure("relists", relists)
          .figure("change_to_call_p50_ms", toCall.percentile(50))
          .figure("change_to_call_max_ms", toCall.max())
          .figure("samples", toCall.size())
          .atMost("never_called", neverCalled, 0)
          .figure("latest_call_after_removal_ms", latestMs)
          .figure("storm_s", options.get(STORM))
          .figure("storm_change_to_call_max_ms", inStorm.max())
          .figure("storm_wrong", storm.wrong.get())
          .figure("storm_recovery_s", recoverySeconds)
          .figure("calls", calls.issued())
          .none("failed", failed);
      diary.report(report);
      report
          .bound(relists <= mostRelists, "relists: %d (expected: <= %d)", relists, mostRelists)
          .bound(
              options.quick() || toCall.size() >= LEAST_SAMPLES,
              "samples: %d (expected: >= %d)",
              toCall.size(),
              LEAST_SAMPLES);
    }
  }

  private static void churn(Options options, PodFleet fleet, double seconds) {
    long changes = Math.round(seconds * options.get(CHANGES));
    Pacer pacer = new Pacer(System.nanoTime(), options.get(CHANGES));
    for (long made = 0; made < changes; made++) {
      fleet.change();
      pacer.advance();
      PacedWait.untilDue(pacer);
    }
  }

  private static Path kubeconfig(RunResources runResources, ApiServer api) throws IOException {
    Path file = Files.createTempFile("holdfast-bench-", ".yaml");
    runResources.own(() -> Files.deleteIfExists(file));
    return Files.writeString(
        file,
        """
        apiVersion: v1
        kind: Config
        current-context: bench
        clusters:
          - name: bench
            cluster:
              server: %s
        users:
          - name: bench
            user:
              token: bench
        contexts:
          - name: bench
            context:
              cluster: bench
              user: bench
              namespace: %s
        """
            .formatted(api.url(), PodFleet.NAMESPACE));
  }

  private static void await(String what, Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    while (!condition.call()) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(what + ": not within " + TIMEOUT.toSeconds() + " s");
      }
      TimeUnit.MILLISECONDS.sleep(2);
    }
  }
}
