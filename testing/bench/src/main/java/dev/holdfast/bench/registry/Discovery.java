package dev.holdfast.bench.registry;

import dev.holdfast.bench.load.EchoServers;
import dev.holdfast.bench.load.FirstAnswerTimes;
import dev.holdfast.bench.load.OpenLoopLoad;
import dev.holdfast.bench.load.WarmUpCalls;
import dev.holdfast.bench.process.EtcdStub;
import dev.holdfast.bench.process.LocalEtcd;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.Sample;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * The benchmark of the time from the put of a new instance's record to the first call that reaches
 * the instance.
 */
public final class Discovery extends Comparison {
  private static final Option CHANGES =
      new Option("--changes", 200, 10, 1, 1_000, "new instances that are measured");
  private static final Option WARM_UP =
      new Option("--warm-up", 20, 3, 0, 200, "new instances before them that are not");
  private static final Option RATE =
      new Option("--rate", 1_000, 500, 10, 10_000, "calls per second, at all times");
  private static final Option SEED =
      new Option("--seed", 1, 1, 0, Integer.MAX_VALUE, "of the pauses between changes");

  private static final String SERVICE = "bench/discovery";
  private static final int LONG_RUNNING_INSTANCES = 3;
  private static final int WARM_UP_CALLS = 200;
  private static final int LEAST_CHANGES = 50;
  private static final double P99_BOUND_MS = 100;
  private static final int LEAST_PAUSE_MS = 50;
  private static final int MORE_PAUSE_MS = 200;
  private static final Duration CALL_DEADLINE = Duration.ofSeconds(1);

  /** The deadline in a smoke run: other programs may keep both cores busy for seconds. */
  private static final Duration PATIENT_CALL_DEADLINE = Duration.ofSeconds(10);

  private static final Duration CHANGE_TIMEOUT = Duration.ofSeconds(10);

  @Override
  public String name() {
    return "discovery";
  }

  @Override
  public String summary() {
    return "real etcd: from the put of a record to the first call at the new instance, p99 <= 100"
        + " ms";
  }

  @Override
  public List<Option> options() {
    return List.of(CHANGES, WARM_UP, RATE, SEED);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "A Holdfast channel makes steady calls to stock grpc-java servers in another process."
            + " Again",
        "and again the record of one more server is put into etcd by a plain stub, and the oldest"
            + " of",
        "the added ones is deleted once the new one was called. The clock runs from just before"
            + " the",
        "put is sent to the answer of the first call that the new instance served: the write in"
            + " etcd,",
        "the watch, the list, TCP and HTTP/2 connecting and one whole call are in it. Beside it a",
        "plain watch stream shows how much of that etcd itself takes.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "to us: the wait for the next call is in the figure (1 / rate of it).",
        "to others: one machine, loopback, one etcd member without load; the servers run already.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    int warmUp = options.get(WARM_UP);
    int changes = options.get(CHANGES);
    LocalEtcd etcd = LocalEtcd.start(runResources);
    EtcdStub stub = runResources.own(new EtcdStub(etcd.address()));
    List<Instance> instances =
        startInstances(runResources, report, LONG_RUNNING_INSTANCES + warmUp + changes);
    for (Instance instance : instances.subList(0, LONG_RUNNING_INSTANCES)) {
      instance.announce(stub);
    }
    FirstAnswerTimes answers = new FirstAnswerTimes();
    ManagedChannel channel =
        HoldfastChannelBuilder.forTarget("etcd://" + etcd.address() + "/" + SERVICE)
            .usePlaintext()
            .build();
    runResources.own(channel::shutdownNow);
    WarmUpCalls.make(channel, WARM_UP_CALLS);
    Duration deadline = options.quick() ? PATIENT_CALL_DEADLINE : CALL_DEADLINE;
    OpenLoopLoad calls =
        runResources.own(new OpenLoopLoad(channel, options.get(RATE), deadline, answers)).start();
    for (Instance instance : instances.subList(0, LONG_RUNNING_INSTANCES)) {
      if (answers.awaitFirst(instance.name, CHANGE_TIMEOUT).isEmpty()) {
        throw new IllegalStateException("no call reached " + instance + ": " + calls.failures());
      }
    }
    PlainWatchTimes floor = new PlainWatchTimes();
    stub.watch(SERVICE, floor);
    report.say("calls reach all %d long-running instances; changes begin", LONG_RUNNING_INSTANCES);
    List<Change> done =
        new Changes(stub, answers, floor, new Random(options.get(SEED)), report)
            .make(instances.subList(LONG_RUNNING_INSTANCES, instances.size()), warmUp);
    calls.stop();
    conclude(report, done.subList(warmUp, done.size()), calls, answers, options.quick());
  }

  /** Starts the servers and calls each some times by a plain channel, so that none is cold. */
  private static List<Instance> startInstances(RunResources runResources, Report report, int count)
      throws Exception {
    report.say("starting %d servers in one process", count);
    List<Integer> ports = EchoServers.ports(EchoServers.start(runResources, count, true));
    List<Instance> instances = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      instances.add(new Instance("s" + i, "127.0.0.1:" + ports.get(i)));
    }
    for (Instance instance : instances) {
      ManagedChannel direct =
          NettyChannelBuilder.forTarget("dns:///" + instance.address).usePlaintext().build();
      try {
        WarmUpCalls.make(direct, WARM_UP_CALLS);
      } finally {
        direct.shutdownNow();
      }
    }
    report.say("all servers answer (%d warm-up calls each)", WARM_UP_CALLS);
    return instances;
  }

  private static void conclude(
      Report report,
      List<Change> changes,
      OpenLoopLoad calls,
      FirstAnswerTimes answers,
      boolean quick) {
    Sample toCall = Sample.of(changes.stream().map(Change::toCallMs).toList());
    Sample floor = Sample.of(changes.stream().map(Change::toWatchMs).toList());
    Sample afterFloor = Sample.of(changes.stream().map(Change::afterWatchMs).toList());
    Sample toLastCall =
        Sample.of(changes.stream().map(c -> c.lastCallAfterDeleteMs(answers)).toList());
    long lost = changes.stream().filter(Change::lost).count();
    report.say(
        "put to first call ms: median %.1f, quartiles %.1f to %.1f, p99 %.1f, max %.1f",
        toCall.median(),
        toCall.lowerQuartile(),
        toCall.upperQuartile(),
        toCall.percentile(99),
        toCall.max());
    report.say(
        "of that, put to a plain watch's event ms: median %.1f, p99 %.1f",
        floor.median(), floor.percentile(99));
    report.say(
        "and from that event to the first call ms: median %.1f, p99 %.1f",
        afterFloor.median(), afterFloor.percentile(99));
    report.say(
        "delete to the last call sent there ms: median %.1f, p99 %.1f",
        toLastCall.median(), toLastCall.percentile(99));
    report.say("calls: %d, failed: %d %s", calls.issued(), calls.failed(), calls.failures());
    report
        .figure("changes", changes.size())
        .figure("change_to_call_p50_ms", toCall.percentile(50))
        .figure("change_to_call_p99_ms", toCall.percentile(99))
        .figure("change_to_call_max_ms", toCall.max())
        .figure("change_to_call_iqr_ms", toCall.interquartileRange())
        .figure("etcd_watch_p50_ms", floor.percentile(50))
        .figure("etcd_watch_p99_ms", floor.percentile(99))
        .figure("after_watch_p50_ms", afterFloor.percentile(50))
        .figure("after_watch_p99_ms", afterFloor.percentile(99))
        .figure("delete_to_last_call_p99_ms", toLastCall.percentile(99))
        .figure("calls", calls.issued())
        .none("failed", calls.failed() + calls.unaccounted())
        .bound(lost == 0, "%d changes never reached a call", lost)
        .bound(
            quick || changes.size() >= LEAST_CHANGES,
            "changes: %d (expected: >= %d)",
            changes.size(),
            LEAST_CHANGES)
        .speedBound(
            toCall.percentile(99) <= P99_BOUND_MS,
            "change_to_call_p99_ms: %.1f (expected: <= %.0f)",
            toCall.percentile(99),
            P99_BOUND_MS);
  }

  /** A server that may be in the list or not. */
  private record Instance(String name, String address) {
    void announce(EtcdStub etcd) {
      etcd.put(EtcdStub.key(SERVICE, address), EtcdStub.record(address, name, Map.of()));
    }

    void remove(EtcdStub etcd) {
      etcd.delete(EtcdStub.key(SERVICE, address));
    }
  }

  /** The arrival of one instance and its later removal, with their times. */
  private static final class Change {
    final Instance instance;
    long putNanos;
    long watchNanos;
    Optional<Long> firstAnswerNanos = Optional.empty();
    long deletedNanos;

    Change(Instance instance) {
      this.instance = instance;
    }

    boolean lost() {
      return firstAnswerNanos.isEmpty();
    }

    double toCallMs() {
      return firstAnswerNanos.map(at -> at - putNanos).orElse(CHANGE_TIMEOUT.toNanos()) / 1e6;
    }

    double toWatchMs() {
      return (watchNanos - putNanos) / 1e6;
    }

    double afterWatchMs() {
      return toCallMs() - toWatchMs();
    }

    double lastCallAfterDeleteMs(FirstAnswerTimes answers) {
      long last = answers.lastSent(instance.name).orElse(deletedNanos);
      return Math.max(0, last - deletedNanos) / 1e6;
    }
  }

  /** Makes the changes, one after the other. */
  private record Changes(
      EtcdStub etcd,
      FirstAnswerTimes answers,
      PlainWatchTimes floor,
      Random random,
      Report report) {

    List<Change> make(List<Instance> newcomers, int warmUp) throws InterruptedException {
      List<Change> done = new ArrayList<>();
      Deque<Change> added = new ArrayDeque<>();
      for (Instance instance : newcomers) {
        // Pauses of random length, so that no timer of anybody's can be in step with us.
        TimeUnit.MILLISECONDS.sleep(LEAST_PAUSE_MS + random.nextInt(MORE_PAUSE_MS));
        Change change = add(instance);
        done.add(change);
        added.add(change);
        if (added.size() > 1) {
          Change oldest = added.remove();
          oldest.deletedNanos = System.nanoTime();
          oldest.instance.remove(etcd);
        }
        if (done.size() == warmUp) {
          report.say("%d changes to warm up done; what follows counts", warmUp);
        } else if ((done.size() - warmUp) % 50 == 0) {
          report.say("%d changes, the last took %.1f ms", done.size() - warmUp, change.toCallMs());
        }
      }
      TimeUnit.MILLISECONDS.sleep(MORE_PAUSE_MS);
      added.forEach(change -> change.deletedNanos = System.nanoTime());
      return done;
    }

    private Change add(Instance instance) throws InterruptedException {
      Change change = new Change(instance);
      change.putNanos = System.nanoTime();
      instance.announce(etcd);
      change.firstAnswerNanos = answers.awaitFirst(instance.name, CHANGE_TIMEOUT);
      change.watchNanos = floor.awaitPut(EtcdStub.key(SERVICE, instance.address), CHANGE_TIMEOUT);
      if (change.lost()) {
        report.say("no call reached %s within %d s", instance, CHANGE_TIMEOUT.toSeconds());
      }
      return change;
    }
  }
}
