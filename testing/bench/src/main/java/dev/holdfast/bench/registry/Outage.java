package dev.holdfast.bench.registry;

import dev.holdfast.bench.load.FirstAnswerTimes;
import dev.holdfast.bench.load.OpenLoopLoad;
import dev.holdfast.bench.load.RegisteredServer;
import dev.holdfast.bench.load.WarmUpCalls;
import dev.holdfast.bench.process.EtcdStub;
import dev.holdfast.bench.process.LocalEtcd;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.registry.etcd.proto.KeyValue;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * The benchmark of a registry outage: calls must not fail, even when instances change meanwhile.
 */
public final class Outage extends Comparison {
  private static final Option OUTAGE_SECONDS =
      new Option("--outage-seconds", 60, 8, 1, 36_000, "for how long etcd is down");
  private static final Option RATE =
      new Option("--rate", 500, 200, 1, 10_000, "calls per second, at all times");
  private static final Option DEADLINE_SECONDS =
      new Option("--deadline-seconds", 1, 10, 1, 60, "the deadline of each call");

  private static final String SERVICE = "bench/outage";
  private static final int LONG_RUNNING_INSTANCES = 3;
  private static final int TTL_SECONDS = 5;
  private static final int TTLS_TO_OUTLIVE = 3;
  private static final int WARM_UP_CALLS = 1_000;
  private static final long STEADY_SECONDS = 5;
  private static final Duration TIMEOUT = Duration.ofMinutes(3);

  @Override
  public String name() {
    return "outage";
  }

  @Override
  public String summary() {
    return "etcd down for 60 s under steady calls, instances replaced around it: no call fails";
  }

  @Override
  public List<Option> options() {
    return List.of(OUTAGE_SECONDS, RATE, DEADLINE_SECONDS);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "Three Holdfast servers, each a process, register in a real etcd; a Holdfast channel makes",
        "steady calls with a deadline (--deadline-seconds) that nothing may repeat (the method is"
            + " not idempotent),",
        "after " + WARM_UP_CALLS + " to warm up.",
        "One instance is replaced, and in the moment its record is gone etcd is stopped. When etcd"
            + " is",
        "back another is replaced at once. Every call that did not end with OK counts as failed.",
        "stale_age_max_s is the greatest age of the channel's list. reregistered counts the"
            + " running",
        "instances whose record still stands "
            + TTLS_TO_OUTLIVE
            + " TTLs after etcd is back: a lease that nobody keeps",
        "alive would have ended by then.");
  }

  @Override
  protected List<String> unfair() {
    return List.of("to nobody: there is no other side. One etcd member, its data kept.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    LocalEtcd etcd = LocalEtcd.start(runResources);
    String target = "etcd://" + etcd.address() + "/" + SERVICE + "?ttl=" + TTL_SECONDS + "s";
    new Story(options, runResources, report, etcd, new EtcdStub(etcd.address()), target).run();
  }

  /** The run, step by step. */
  private static final class Story {
    private final Options options;
    private final RunResources runResources;
    private final Report report;
    private final LocalEtcd etcd;
    private final EtcdStub stub;
    private final String target;
    private final FirstAnswerTimes answers = new FirstAnswerTimes();
    private final List<RegisteredServer> running = new ArrayList<>();

    Story(
        Options options,
        RunResources runResources,
        Report report,
        LocalEtcd etcd,
        EtcdStub stub,
        String target) {
      this.options = options;
      this.runResources = runResources;
      this.report = report;
      this.etcd = etcd;
      this.stub = runResources.own(stub);
      this.target = target;
    }

    void run() throws Exception {
      List<RegisteredServer> spares = startInstances();
      ManagedChannel channel = HoldfastChannelBuilder.forTarget(target).usePlaintext().build();
      runResources.own(channel::shutdownNow);
      WarmUpCalls.make(channel, WARM_UP_CALLS);
      ServiceTarget service = Registries.shared().resolveTarget(target);
      Staleness staleness =
          runResources
              .own(
                  new Staleness(
                      runResources.own(Registries.shared().open(service.registry())).directory(),
                      service.service()))
              .start();
      Duration deadline = Duration.ofSeconds(options.get(DEADLINE_SECONDS));
      OpenLoopLoad calls =
          runResources.own(new OpenLoopLoad(channel, options.get(RATE), deadline, answers)).start();
      for (RegisteredServer server : running) {
        awaitCalled(server);
      }
      report.say("calls reach all %d instances", running.size());
      TimeUnit.SECONDS.sleep(options.quick() ? 1 : STEADY_SECONDS);

      replaceJustBefore(spares.get(0));
      Map<String, Long> leasesBefore = leases();
      etcd.stop();
      report.say("etcd is stopped; %d calls so far, %d failed", calls.issued(), calls.failed());
      outlive(calls, staleness);
      awaitCalled(spares.get(0));
      etcd.startAgain();
      long backNanos = System.nanoTime();
      report.say("etcd is back; %d calls so far, %d failed", calls.issued(), calls.failed());
      staleness.noteRenewalsAfter(backNanos);
      replaceJustAfter(spares.get(1));
      await("a fresh list", () -> staleness.firstRenewalNanos().isPresent());
      double freshAfterSeconds = (staleness.firstRenewalNanos().orElseThrow() - backNanos) / 1e9;
      awaitCalled(spares.get(1));
      long ttlsLeftNanos =
          backNanos
              + TimeUnit.SECONDS.toNanos((long) TTL_SECONDS * TTLS_TO_OUTLIVE)
              - System.nanoTime();
      TimeUnit.NANOSECONDS.sleep(Math.max(0, ttlsLeftNanos));
      Map<String, Long> leasesAfter = leases();
      calls.stop();
      conclude(calls, staleness, new Records(leasesBefore, leasesAfter), freshAfterSeconds);
    }

    private List<RegisteredServer> startInstances() throws Exception {
      List<RegisteredServer> spares = new ArrayList<>();
      for (int i = 0; i < LONG_RUNNING_INSTANCES; i++) {
        running.add(RegisteredServer.load(runResources, "i" + i, target));
      }
      for (int i = 0; i < 2; i++) {
        spares.add(RegisteredServer.load(runResources, "i" + (LONG_RUNNING_INSTANCES + i), target));
      }
      for (RegisteredServer server : running) {
        awaitRecord(server.awaitLoaded().start(), true);
      }
      for (RegisteredServer spare : spares) {
        var unused = spare.awaitLoaded();
      }
      report.say("%d instances are registered, 2 stand by", running.size());
      return spares;
    }

    /** Ends in the moment the old record is gone: whether clients heard of it, nobody knows. */
    private void replaceJustBefore(RegisteredServer newcomer) throws Exception {
      running.add(newcomer.start());
      awaitRecord(newcomer, true);
      RegisteredServer leaving = running.remove(0);
      leaving.beginStop();
      awaitRecord(leaving, false);
      report.say("%s replaced %s", newcomer.name(), leaving.name());
    }

    private void replaceJustAfter(RegisteredServer newcomer) throws Exception {
      running.add(newcomer.start());
      awaitRecord(newcomer, true);
      RegisteredServer leaving = running.remove(0);
      leaving.beginStop();
      awaitRecord(leaving, false);
      if (!leaving.awaitStopped()) {
        throw new IllegalStateException(leaving.name() + " did not stop");
      }
      report.say("%s replaced %s", newcomer.name(), leaving.name());
    }

    private void outlive(OpenLoopLoad calls, Staleness staleness) throws InterruptedException {
      int seconds = options.get(OUTAGE_SECONDS);
      for (int second = 1; second <= seconds; second++) {
        TimeUnit.SECONDS.sleep(1);
        if (second % 10 == 0) {
          report.say(
              "etcd down for %d s: %d calls, %d failed, the list is %.0f s old",
              second, calls.issued(), calls.failed(), staleness.nowSeconds());
        }
      }
    }

    private void awaitRecord(RegisteredServer server, boolean there) throws Exception {
      await(
          "the record of " + server.name() + (there ? "" : " gone"),
          () -> leases().containsKey(server.address()) == there);
    }

    private void awaitCalled(RegisteredServer server) throws Exception {
      await("a call at " + server.name(), () -> answers.has(server.name()));
    }

    /** The lease of each record, by address. */
    private Map<String, Long> leases() {
      Map<String, Long> leases = new HashMap<>();
      for (KeyValue record : stub.records(SERVICE)) {
        String key = record.getKey().toStringUtf8();
        leases.put(key.substring(SERVICE.length() + 1), record.getLease());
      }
      return leases;
    }

    private void conclude(
        OpenLoopLoad calls, Staleness staleness, Records records, double freshAfterSeconds) {
      Set<String> expected =
          running.stream().map(RegisteredServer::address).collect(Collectors.toSet());
      long failed = calls.failed() + calls.unaccounted();
      long reregistered = expected.stream().filter(records.after::containsKey).count();
      report.say("failures: %s", calls.failures());
      report.say(
          "records: %d stand, %d of them under the lease of before the outage; others: %d",
          reregistered, records.kept(expected), records.after.size() - reregistered);
      report
          .figure("calls", calls.issued())
          .none("failed", failed)
          .figure("stale_age_max_s", staleness.oldestSeconds())
          .figure("reregistered", reregistered)
          .figure("instances", expected.size())
          .figure("outage_s", options.get(OUTAGE_SECONDS))
          .figure("fresh_after_s", freshAfterSeconds)
          .figure("longest_call_ms", calls.longestNanos() / 1e6)
          .bound(
              reregistered == expected.size() && records.after.size() == expected.size(),
              "records after the outage: %s (expected: those of %s)",
              records.after.keySet(),
              expected);
    }
  }

  /** Leases by address, around the outage. */
  private record Records(Map<String, Long> before, Map<String, Long> after) {
    long kept(Set<String> addresses) {
      return addresses.stream()
          .filter(a -> after.containsKey(a) && after.get(a).equals(before.get(a)))
          .count();
    }
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
