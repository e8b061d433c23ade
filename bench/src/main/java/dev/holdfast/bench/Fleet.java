package dev.holdfast.bench;

import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoRequest;
import dev.holdfast.core.EndpointDirectory;
import dev.holdfast.core.Registries;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import io.grpc.LoadBalancerRegistry;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/** A process that follows a large fleet: how late it hears of changes, and what that costs it. */
final class Fleet extends Comparison {
  static final String NAMESPACE = "fleet";

  private static final Option SERVICES =
      new Option("--services", 1_000, 60, 1, 10_000, "services, each with a watch");
  private static final Option ENDPOINTS =
      new Option("--endpoints", 50, 10, 2, 1_000, "endpoints of each service");
  private static final Option CHANNELS =
      new Option(
          "--channels", 200, 12, 0, 10_000, "Holdfast channels, each to a service of its own");
  private static final Option RATE = new Option("--rate", 500, 60, 1, 20_000, "changes per second");
  private static final Option SECONDS =
      new Option("--seconds", 60, 5, 1, 3_600, "for how long changes are made");

  private static final double P99_BOUND_MS = 250;
  private static final double LEAST_RATE_SHARE = 0.99;
  private static final int SPARE_PORTS = 20;
  private static final int SPARE_DESCRIPTORS = 1_000;
  private static final Duration START_TIMEOUT = Duration.ofMinutes(2);
  private static final Duration LAST_CHANGE_TIMEOUT = Duration.ofSeconds(10);
  private static final double MEBI = 1024 * 1024;

  @Override
  public String name() {
    return "fleet";
  }

  @Override
  public String summary() {
    return "1,000 services x 50 endpoints, 200 channels, 500 changes/s: change to resolver p99 <="
        + " 250 ms";
  }

  @Override
  List<Option> options() {
    return List.of(SERVICES, ENDPOINTS, CHANNELS, RATE, SECONDS);
  }

  @Override
  List<String> method() {
    return List.of(
        "One process follows every service of a real etcd: some by real Holdfast channels with all"
            + " their",
        "connections, all by the directory that channels share. Another process replaces instances"
            + " by",
        "plain stubs: the oldest of a service goes and a new one comes, in one transaction, with"
            + " the",
        "time of sending in its metadata. A change has arrived when the list with it is handed to"
            + " the",
        "channel's balancing policy, or to the directory's listener; so the write in etcd is in"
            + " the",
        "figure. heap_mb is what stays after a full collection at the end, cpu_s the CPU time of"
            + " the",
        "following process alone while changes were made. watches is etcd's own count.");
  }

  @Override
  List<String> unfair() {
    return List.of(
        "to us: etcd, the writer, the servers and we share the cores.",
        "to others: one etcd member on loopback; nobody else watches it.");
  }

  @Override
  void measure(Options options, Scope scope, Report report) throws Exception {
    Size size = Size.of(options);
    size.requireDescriptors();
    LocalEtcd etcd = LocalEtcd.start(scope);
    List<Integer> ports = EchoServers.ports(EchoServers.start(scope, size.ports(), false));
    ChildJvm writer = startWriter(scope, size, etcd, ports);
    report.say("etcd holds %s records", writer.await(FleetWriter.POPULATED, START_TIMEOUT));
    long heapBefore = Machine.liveHeapBytes();

    Arrivals atListeners = new Arrivals();
    Arrivals atChannels = new Arrivals();
    EndpointDirectory directory =
        scope
            .own(
                Registries.shared()
                    .open(RegistryUri.parse("etcd://" + etcd.address() + "/" + NAMESPACE)))
            .directory();
    List<Arrivals.Reader> readers = subscribe(directory, size, atListeners);
    await("the first lists", () -> readers.stream().allMatch(Arrivals.Reader::hasStarted));
    report.say("%d services are followed", readers.size());
    ProbePolicy probe = new ProbePolicy(atChannels);
    LoadBalancerRegistry.getDefaultRegistry().register(probe);
    List<ManagedChannel> channels = openChannels(scope, size, etcd);
    await("the channels' first lists", () -> probe.started() == size.channels);
    await(
        "the channels' connections",
        () -> openDescriptors() >= (long) size.channels * size.endpoints);
    report.say(
        "%d channels hold their connections (%d descriptors)", size.channels, openDescriptors());

    long cpuBefore = Machine.cpuNanos();
    writer.send(FleetWriter.GO);
    FleetWriter.Done done =
        FleetWriter.Done.parse(
            writer.await(FleetWriter.DONE, Duration.ofSeconds(size.seconds + 60L)));
    long channelChanges = size.changesOfChannels();
    long lastChance = System.nanoTime() + LAST_CHANGE_TIMEOUT.toNanos();
    while ((atListeners.count() < done.sent() || atChannels.count() < channelChanges)
        && System.nanoTime() - lastChance < 0) {
      TimeUnit.MILLISECONDS.sleep(5);
    }
    double cpuSeconds = (Machine.cpuNanos() - cpuBefore) / 1e9;
    long failedCalls = callOnce(channels);
    double heapMb = Machine.liveHeapBytes() / MEBI;
    double watches = etcd.metric("etcd_debugging_mvcc_watcher_total");
    report.say(
        "the writer sent %d changes in %.1f s, at worst %.1f ms late; put p99 %.1f ms",
        done.sent(), done.seconds(), done.latestMillis(), done.putP99Millis());
    report.say("heap before anything was followed: %.0f MB", heapBefore / MEBI);
    say(report, "directory", atListeners);
    say(report, "channels", atChannels);
    new Outcome(size, done, atListeners, atChannels, channelChanges, options.quick())
        .conclude(report, watches, heapMb, cpuSeconds, failedCalls);
  }

  private static ChildJvm startWriter(Scope scope, Size size, LocalEtcd etcd, List<Integer> ports)
      throws Exception {
    String addresses = ports.stream().map(p -> "127.0.0.1:" + p).collect(Collectors.joining(","));
    return scope.own(
        ChildJvm.start(
            "writer",
            FleetWriter.class,
            List.of("-Xmx512m"),
            List.of(
                etcd.address(),
                Integer.toString(size.services),
                Integer.toString(size.endpoints),
                Integer.toString(size.rate),
                Integer.toString(size.seconds),
                addresses)));
  }

  private static List<Arrivals.Reader> subscribe(
      EndpointDirectory directory, Size size, Arrivals arrivals) {
    List<Arrivals.Reader> readers = new ArrayList<>();
    for (int s = 0; s < size.services; s++) {
      Arrivals.Reader reader = arrivals.new Reader();
      readers.add(reader);
      // It ends with the directory.
      var unused =
          directory.subscribe(
              ServiceName.of(NAMESPACE, FleetWriter.service(s)),
              endpoints -> reader.onList(endpoints.endpoints()));
    }
    return readers;
  }

  private static List<ManagedChannel> openChannels(Scope scope, Size size, LocalEtcd etcd) {
    List<ManagedChannel> channels = new ArrayList<>();
    for (int c = 0; c < size.channels; c++) {
      ManagedChannel channel =
          HoldfastChannelBuilder.forTarget(
                  "etcd://" + etcd.address() + "/" + NAMESPACE + "/" + FleetWriter.service(c))
              .loadBalancing(ProbePolicy.NAME)
              .usePlaintext()
              .build();
      scope.own(channel::shutdownNow);
      var unused = channel.getState(true);
      channels.add(channel);
    }
    return channels;
  }

  /** One call each, to see that a list that was changed so often is still one that works. */
  private static long callOnce(List<ManagedChannel> channels) {
    long failed = 0;
    for (ManagedChannel channel : channels) {
      try {
        var unused =
            EchoGrpc.newBlockingStub(channel)
                .withDeadlineAfter(5, TimeUnit.SECONDS)
                .call(EchoRequest.getDefaultInstance());
      } catch (StatusRuntimeException e) {
        System.err.println("a call failed: " + e.getStatus());
        failed++;
      }
    }
    return failed;
  }

  private static void say(Report report, String consumer, Arrivals arrivals) {
    report.say(
        "%s: %d changes in %d lists; ms: p50 %.1f, p90 %.1f, p99 %.1f, max %.1f",
        consumer,
        arrivals.count(),
        arrivals.lists(),
        arrivals.percentileMillis(50),
        arrivals.percentileMillis(90),
        arrivals.percentileMillis(99),
        arrivals.maxMillis());
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            what + ": not there within " + START_TIMEOUT.toSeconds() + " s");
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private static long openDescriptors() {
    return unix().getOpenFileDescriptorCount();
  }

  private static com.sun.management.UnixOperatingSystemMXBean unix() {
    return ManagementFactory.getPlatformMXBean(com.sun.management.UnixOperatingSystemMXBean.class);
  }

  /** How large the fleet is. */
  private record Size(int services, int endpoints, int channels, int rate, int seconds) {
    static Size of(Options options) {
      Size size =
          new Size(
              options.get(SERVICES),
              options.get(ENDPOINTS),
              options.get(CHANNELS),
              options.get(RATE),
              options.get(SECONDS));
      Option.requireWithin(CHANNELS.name(), size.channels, 0, size.services);
      return size;
    }

    /** So many that no address of a service comes back before the end. */
    int ports() {
      int changesPerService = (int) ((long) rate * seconds / services + 1);
      return endpoints + changesPerService + SPARE_PORTS;
    }

    /** The writer walks through all services in turn, so the share of the channels is exact. */
    long changesOfChannels() {
      return FleetWriter.changesBelow(channels, services, (long) rate * seconds);
    }

    void requireDescriptors() {
      long needed = (long) channels * endpoints + SPARE_DESCRIPTORS;
      long allowed = unix().getMaxFileDescriptorCount();
      if (needed > allowed) {
        throw new IllegalStateException(
            "file descriptors: " + allowed + " (expected: >= " + needed + "; see ulimit -n)");
      }
    }
  }

  private record Outcome(
      Size size,
      FleetWriter.Done done,
      Arrivals atListeners,
      Arrivals atChannels,
      long channelChanges,
      boolean quick) {

    void conclude(
        Report report, double watches, double heapMb, double cpuSeconds, long failedCalls) {
      var all = atListeners.micros().copy();
      all.add(atChannels.micros());
      double p99 = all.getValueAtPercentile(99) / 1e3;
      long missing = done.sent() - atListeners.count() + channelChanges - atChannels.count();
      double rate = done.sent() / done.seconds();
      report
          .figure("watches", watches)
          .figure("p99_ms", p99)
          .figure("heap_mb", heapMb)
          .figure("cpu_s", cpuSeconds)
          .figure("p50_ms", all.getValueAtPercentile(50) / 1e3)
          .figure("max_ms", all.getMaxValue() / 1e3)
          .figure("channels_p99_ms", atChannels.percentileMillis(99))
          .figure("put_p99_ms", done.putP99Millis())
          .figure("changes", done.sent())
          .figure("changes_s", rate)
          .figure("missing", missing)
          .figure("channels", size.channels)
          .figure("failed", failedCalls)
          .bound(watches == size.services, "watches: %.0f (expected: %d)", watches, size.services)
          .bound(missing == 0, "changes that never arrived: %d (expected: 0)", missing)
          .bound(done.failed() == 0, "puts that failed: %d (expected: 0)", done.failed())
          .bound(failedCalls == 0, "failed: %d (expected: 0)", failedCalls)
          .speedBound(
              rate >= LEAST_RATE_SHARE * size.rate,
              "changes/s: %.1f (expected: >= %.1f)",
              rate,
              LEAST_RATE_SHARE * size.rate)
          .speedBound(p99 <= P99_BOUND_MS, "p99_ms: %.1f (expected: <= %.0f)", p99, P99_BOUND_MS);
    }
  }
}
