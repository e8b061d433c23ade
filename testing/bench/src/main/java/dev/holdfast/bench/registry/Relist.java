package dev.holdfast.bench.registry;

import dev.holdfast.bench.process.EtcdStub;
import dev.holdfast.bench.process.LocalEtcd;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.lab.load.PacedWait;
import dev.holdfast.lab.load.Pacer;
import dev.holdfast.registry.etcd.EtcdRegistryProvider;
import dev.holdfast.registry.etcd.proto.RequestOp;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/** The benchmark of list requests on a large, changing service. Watch events overtake the lists. */
public final class Relist extends Comparison {
  private static final Option RECORDS =
      new Option("--records", 3_000, 1_500, 100, 50_000, "records of the service");
  private static final Option RATE = new Option("--rate", 200, 100, 1, 2_000, "updates per second");
  private static final Option SECONDS =
      new Option("--seconds", 600, 10, 5, 36_000, "for how long the service changes");
  private static final Option INTERVAL =
      new Option("--interval-seconds", 10, 1, 1, 300, "time between two lists, at most");

  private static final String SERVICE = "bench/relist";
  private static final int TIMEOUT_SECONDS = 180;

  @Override
  public String name() {
    return "relist";
  }

  @Override
  public String summary() {
    return "3,000 records in etcd, 200 updates/s, lists every 10 s beside the watch: no wipe, no"
        + " lease lost";
  }

  @Override
  public List<Option> options() {
    return List.of(RECORDS, RATE, SECONDS, INTERVAL);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "One process follows a service in a real etcd and has a record in it; plain stubs update",
        "the other records one after the other. Its lists are read again beside the watch",
        "(parameter relist), each in pages at one revision, while events go past them.",
        "wipes_declared counts changes of the epoch that the watch told, leases_lost the ends of",
        "the process's own record, watch_breaks the watches that were begun again.");
  }

  @Override
  protected List<String> unfair() {
    return List.of("to nobody: there is no other side. One etcd member.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    LocalEtcd etcd = LocalEtcd.start(runResources);
    EtcdStub stub = runResources.own(new EtcdStub(etcd.address()));
    int records = options.get(RECORDS);
    fill(stub, records);
    SystemScheduler scheduler = SystemScheduler.create("bench-relist");
    runResources.own((AutoCloseable) () -> scheduler.execute(scheduler::close));
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    Registry registry =
        runResources.own(
            new EtcdRegistryProvider()
                .open(
                    RegistryUri.parse(
                        "etcd://" + etcd.address() + "/?relist=" + options.get(INTERVAL) + "s"),
                    new RegistryContext(
                        scheduler, meters, RandomGenerator.of("L64X128MixRandom"), Map.of())));
    Follower follower = new Follower();
    var watch = registry.watch(ServiceName.parse(SERVICE), follower);
    Own own = new Own();
    var record =
        registry.announce(
            ServiceName.parse(SERVICE), Endpoint.of("10.9.9.9:50051").withInstance("own"), own);
    if (!follower.first.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)
        || !own.published.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the registry said nothing in " + TIMEOUT_SECONDS + " s");
    }
    report.say("%d records, %d updates/s", records, options.get(RATE));
    long updates = update(stub, options);
    double relists = count(meters, RegistryMeter.LISTS_READ_AGAIN);
    double breaks = count(meters, RegistryMeter.WATCH_RESTARTS);
    watch.close();
    record.withdraw();
    // The first list is none that was read again.
    double least = (double) options.get(SECONDS) / options.get(INTERVAL) - 1;
    report
        .figure("relists", Math.round(relists))
        .none("wipes_declared", follower.wipes.get())
        .none("leases_lost", own.ends.get())
        .none("watch_breaks", Math.round(breaks))
        .figure("updates", updates)
        .figure("updates_seen", follower.snapshots.get())
        .speedBound(relists >= least, "relists: %.0f (expected: >= %.0f)", relists, least);
  }

  private static double count(SimpleMeterRegistry meters, RegistryMeter meter) {
    return meters.find(meter.meterName()).counters().stream().mapToDouble(c -> c.count()).sum();
  }

  private static void fill(EtcdStub stub, int records) {
    List<RequestOp> operations = new ArrayList<>();
    for (int i = 0; i < records; i++) {
      operations.add(EtcdStub.putting(EtcdStub.key(SERVICE, address(i)), record(i, 0)));
      if (operations.size() == EtcdStub.MAX_OPERATIONS || i == records - 1) {
        stub.commit(operations);
        operations.clear();
      }
    }
  }

  private static long update(EtcdStub stub, Options options) {
    Pacer pacer = new Pacer(System.nanoTime(), options.get(RATE));
    long total = (long) options.get(SECONDS) * options.get(RATE);
    for (long i = 0; i < total; i++) {
      PacedWait.untilDue(pacer);
      pacer.advance();
      int which = (int) (i % options.get(RECORDS));
      stub.put(EtcdStub.key(SERVICE, address(which)), record(which, i + 1));
    }
    return total;
  }

  private static String address(int i) {
    return "10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255) + ":50051";
  }

  private static String record(int i, long change) {
    return EtcdStub.record(address(i), "i" + i, Map.of("change", Long.toString(change)));
  }

  private static final class Follower implements Registry.WatchListener {
    private final CountDownLatch first = new CountDownLatch(1);
    private final AtomicLong wipes = new AtomicLong();
    private final AtomicLong snapshots = new AtomicLong();
    private long epoch;

    @Override
    public void onSnapshot(RegistrySnapshot snapshot) {
      if (epoch != 0 && snapshot.epoch() != epoch) {
        wipes.incrementAndGet();
      }
      epoch = snapshot.epoch();
      snapshots.incrementAndGet();
      first.countDown();
    }

    @Override
    public void onConfirmed() {
      // What counts is that the list stays.
    }

    @Override
    public void onFailure(RegistryException cause) {
      // Counted by the meter of watches that were begun again.
    }
  }

  private static final class Own implements Registry.AnnouncementListener {
    private final CountDownLatch published = new CountDownLatch(1);
    private final AtomicLong ends = new AtomicLong();

    @Override
    public void onPublished() {
      published.countDown();
    }

    @Override
    public void onEnded(RegistryException cause) {
      ends.incrementAndGet();
    }
  }
}
