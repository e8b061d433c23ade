package dev.holdfast.bench.xds;

import dev.holdfast.bench.process.EtcdStub;
import dev.holdfast.bench.process.LocalEtcd;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.Sample;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.registry.etcd.proto.RequestOp;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * The benchmark of the time from a change in the registry to its arrival at the last xDS client.
 */
public final class Xds extends Comparison {
  private static final Option CLIENTS =
      new Option("--clients", 1_000, 50, 1, 10_000, "streams in the first round");
  private static final Option MORE_CLIENTS =
      new Option("--more-clients", 5_000, 100, 1, 15_000, "streams in the second round");
  private static final Option CONNECTIONS =
      new Option("--connections", 10, 4, 1, 1_000, "connections that carry them");
  private static final Option CHANGES =
      new Option("--changes", 200, 15, 1, 10_000, "changes that are measured in each round");
  private static final Option WARM_UP =
      new Option("--warm-up", 100, 5, 0, 1_000, "changes before them that are not");
  private static final Option SERVICES =
      new Option("--services", 100, 10, 1, 5_000, "services beside the one that changes");
  private static final Option SEED =
      new Option("--seed", 1, 1, 0, Integer.MAX_VALUE, "of the pauses between changes");

  private static final String NAMESPACE = "bench";
  private static final String SERVICE = "orders";
  private static final int ENDPOINTS = 10;
  private static final int LEAST_CHANGES = 200;
  private static final double P99_BOUND_MS = 50;
  private static final double P99_BOUND_OF_MORE_MS = 250;
  private static final int LEAST_PAUSE_MS = 20;
  private static final int MORE_PAUSE_MS = 60;
  private static final double MEBI = 1024 * 1024;
  private static final Duration START_TIMEOUT = Duration.ofMinutes(2);
  private static final Duration CHANGE_TIMEOUT = Duration.ofMinutes(3);

  @Override
  public String name() {
    return "xds";
  }

  @Override
  public String summary() {
    return "real etcd: from the put of a record to the last of 1,000 xDS clients, p99 <= 50 ms; of"
        + " 5,000, <= 250 ms";
  }

  @Override
  public List<Option> options() {
    return List.of(CLIENTS, MORE_CLIENTS, CONNECTIONS, CHANGES, WARM_UP, SERVICES, SEED);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "A control plane in a process of its own follows a real etcd; the streams of all clients"
            + " are in",
        "another process. Each asks as gRPC does (the listener, its cluster, its endpoints) for the"
            + " same",
        "service, so that each change goes to all of them, and accepts each response. Again and"
            + " again",
        "the oldest instance is replaced by a new one in one transaction of a plain stub. The clock"
            + " runs",
        "from just before that is sent until the last stream has read the list with the newcomer."
            + " cpu_s",
        "is the control plane's CPU time in both rounds of measured changes, heap_mb what a full"
            + " collection",
        "leaves there with all clients of the second round connected.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "to others: streams share a few connections, where real clients have one each.",
        "to us: the clients' process, etcd and we share the cores, and each client is sent each"
            + " change.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    LocalEtcd etcd = LocalEtcd.start(runResources);
    EtcdStub stub = runResources.own(new EtcdStub(etcd.address()));
    populate(stub, options.get(SERVICES));
    ChangingService changingService =
        new ChangingService(stub, new Random(options.get(SEED)), report);
    changingService.populate();
    ChildJvm control =
        runResources.own(
            ChildJvm.start(
                "control",
                XdsControl.class,
                List.of("-Xmx1g"),
                List.of("etcd://" + etcd.address() + "/" + NAMESPACE)));
    String port = control.await(XdsControl.PORT, START_TIMEOUT);

    Sample some;
    try (ChildJvm clients = clients(port, options.get(CLIENTS), options)) {
      some = changingService.round(clients, control, options);
    }
    Sample more;
    double heapMb;
    try (ChildJvm clients = clients(port, options.get(MORE_CLIENTS), options)) {
      more = changingService.round(clients, control, options);
      control.send(XdsControl.HEAP);
      heapMb = Long.parseLong(control.await(XdsControl.HEAP, START_TIMEOUT)) / MEBI;
    }
    conclude(options, report, some, more, changingService, heapMb);
  }

  private static void conclude(
      Options options,
      Report report,
      Sample some,
      Sample more,
      ChangingService changingService,
      double heapMb) {
    say(report, options.get(CLIENTS), some);
    say(report, options.get(MORE_CLIENTS), more);
    int changes = options.get(CHANGES);
    report
        .figure("clients", options.get(CLIENTS))
        .figure("p50_ms", some.percentile(50))
        .figure("p99_ms", some.percentile(99))
        .figure("p99_5000_ms", more.percentile(99))
        .figure("cpu_s", changingService.cpuSeconds)
        .figure("heap_mb", heapMb)
        .figure("max_ms", some.max())
        .figure("p50_5000_ms", more.percentile(50))
        .figure("more_clients", options.get(MORE_CLIENTS))
        .figure("changes", changes)
        .bound(
            options.quick() || changes >= LEAST_CHANGES,
            "changes: %d (expected: >= %d)",
            changes,
            LEAST_CHANGES)
        .speedBound(
            some.percentile(99) <= P99_BOUND_MS,
            "p99_ms: %.1f (expected: <= %.0f)",
            some.percentile(99),
            P99_BOUND_MS)
        .speedBound(
            more.percentile(99) <= P99_BOUND_OF_MORE_MS,
            "p99_5000_ms: %.1f (expected: <= %.0f)",
            more.percentile(99),
            P99_BOUND_OF_MORE_MS);
  }

  private static void say(Report report, int clients, Sample sample) {
    report.say(
        "%d clients, put to last client ms: median %.1f, quartiles %.1f to %.1f, p99 %.1f, max"
            + " %.1f",
        clients,
        sample.median(),
        sample.lowerQuartile(),
        sample.upperQuartile(),
        sample.percentile(99),
        sample.max());
  }

  private static ChildJvm clients(String port, int streams, Options options) throws IOException {
    return ChildJvm.start(
        "clients",
        XdsStreams.class,
        List.of("-Xmx1g"),
        List.of(
            port, SERVICE, Integer.toString(streams), Integer.toString(options.get(CONNECTIONS))));
  }

  private static void populate(EtcdStub etcd, int services) {
    List<RequestOp> batch = new ArrayList<>();
    for (int i = 0; i < services * ENDPOINTS; i++) {
      batch.add(putting("s" + i / ENDPOINTS, i % ENDPOINTS));
      if (batch.size() == EtcdStub.MAX_OPERATIONS) {
        etcd.commit(batch);
        batch.clear();
      }
    }
    if (!batch.isEmpty()) {
      etcd.commit(batch);
    }
  }

  /** An address by number; later ones sort behind earlier ones, as texts too. */
  private static String host(int number) {
    return String.format(
        Locale.ROOT,
        "10.%d.%d.%d",
        100 + number / 10_000,
        100 + number / 100 % 100,
        100 + number % 100);
  }

  private static RequestOp putting(String service, int number) {
    String address = host(number) + ":50051";
    return EtcdStub.putting(
        EtcdStub.key(NAMESPACE + "/" + service, address),
        EtcdStub.record(address, "i" + number, Map.of()));
  }

  /** The service whose instances change. */
  private static final class ChangingService {
    private final EtcdStub etcd;
    private final Random random;
    private final Report report;
    private final Deque<Integer> instances = new ArrayDeque<>();
    private int next;
    double cpuSeconds;

    ChangingService(EtcdStub etcd, Random random, Report report) {
      this.etcd = etcd;
      this.random = random;
      this.report = report;
    }

    void populate() {
      for (int i = 0; i < ENDPOINTS; i++) {
        instances.add(next);
        etcd.commit(List.of(putting(SERVICE, next++)));
      }
    }

    Sample round(ChildJvm clients, ChildJvm control, Options options) throws Exception {
      var unused = clients.await(XdsStreams.CONNECTED, START_TIMEOUT);
      report.say("all streams have their first list");
      for (int i = 0; i < options.get(WARM_UP); i++) {
        change(clients);
      }
      report.say("%d changes to warm up done; what follows counts", options.get(WARM_UP));
      double before = cpu(control);
      List<Double> millis = new ArrayList<>();
      for (int i = 0; i < options.get(CHANGES); i++) {
        millis.add(change(clients));
      }
      cpuSeconds += cpu(control) - before;
      return Sample.of(millis);
    }

    private static double cpu(ChildJvm control) throws IOException, InterruptedException {
      control.send(XdsControl.CPU);
      return Long.parseLong(control.await(XdsControl.CPU, START_TIMEOUT)) / 1e9;
    }

    /** The oldest goes and a new one comes, in one revision. */
    private double change(ChildJvm clients) throws InterruptedException {
      // Pauses of random length, so that no timer of anybody's can be in step with us.
      TimeUnit.MILLISECONDS.sleep(LEAST_PAUSE_MS + random.nextInt(MORE_PAUSE_MS));
      int newcomer = next++;
      String oldest = host(instances.remove()) + ":50051";
      instances.add(newcomer);
      long put = System.nanoTime();
      etcd.commit(
          List.of(
              EtcdStub.deleting(EtcdStub.key(NAMESPACE + "/" + SERVICE, oldest)),
              putting(SERVICE, newcomer)));
      while (true) {
        String[] got = clients.await(XdsStreams.GOT, CHANGE_TIMEOUT).split(" ", -1);
        if (got[0].equals(host(newcomer))) {
          return (Long.parseLong(got[1]) - put) / 1e6;
        }
      }
    }
  }
}
