package dev.holdfast.bench.registry;

import dev.holdfast.bench.load.EchoServers;
import dev.holdfast.bench.process.LocalEtcd;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Machine;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoRequest;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.discovery.EndpointDirectory;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.lab.process.ChildJvm;
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

/** The benchmark of a process that follows a large fleet: the delay and the cost of changes. */
public final class FleetBenchmark extends Comparison {
  static final String NAMESPACE = "fleet";

  private static final Option SERVICES =
      new Option("--services", 1_000, 60, 1, 10_000, "services, each with a watch");
  private static final Option ENDPOINTS =
      new Option("--endpoints", 50, 10, 2, 1_000, "endpoints of each service");
  private static final Option CHANNELS =
      new Option(
          "--channels", 200, 12, 0, 10_000, "Holdfast channels, each to a service of its own");
  private static final Option RATE = new Option("--rate", 500, 60, 1, 20_000, "changes per second");
  private static final Option WARM_UP_SECONDS =
      new Option("--warm-up", 20, 2, 0, 3_600, "seconds of changes before those that count");
  private static final Option SECONDS =
      new Option("--seconds", 60, 5, 1, 3_600, "for how long changes count");

  private static final double P99_BOUND_MS = 250;
  private static final double LEAST_RATE_SHARE = 0.99;
  private static final int WATCHES_OF_THE_WRITER = 1;
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
  public List<Option> options() {
    return List.of(SERVICES, ENDPOINTS, CHANNELS, RATE, WARM_UP_SECONDS, SECONDS);
  }

  @Override
  protected List<String> method() {
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
        "following process alone while changes were made. watches is etcd's own count, less the"
            + " one",
        "plain watch by which the writer sees what etcd itself takes (plain_watch_p99_ms).");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "to us: etcd, the writer, the servers and we share the cores.",
        "to others: one etcd member on loopback; nobody else watches it.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    FleetSize size = size(options);
    requireDescriptors((long) size.channels() * size.endpoints() + SPARE_DESCRIPTORS);
    LocalEtcd etcd = LocalEtcd.start(runResources);
    List<Integer> ports = EchoServers.ports(EchoServers.start(runResources, size.ports(), false));
    ChildJvm writer = startWriter(runResources, size, etcd, ports);
    var unused = writer.await(FleetWriter.POPULATED, START_TIMEOUT);
    report.say("etcd holds %d records", size.services() * size.endpoints());
    long heapBefore = Machine.liveHeapBytes();

    PropagationDelays atListeners = new PropagationDelays();
    PropagationDelays atChannels = new PropagationDelays();
    EndpointDirectory directory =
        runResources
            .own(
                Registries.shared()
                    .open(RegistryUri.parse("etcd://" + etcd.address() + "/" + NAMESPACE)))
            .directory();
    List<PropagationDelays.Reader> readers = subscribe(directory, size, atListeners);
    await("the first lists", () -> readers.stream().allMatch(PropagationDelays.Reader::hasStarted));
    report.say("%d services are followed", readers.size());
    RecordingLoadBalancerProvider probe = new RecordingLoadBalancerProvider(atChannels);
    LoadBalancerRegistry.getDefaultRegistry().register(probe);
    List<ManagedChannel> channels = openChannels(runResources, size, etcd);
    await("the channels' first lists", () -> probe.started() == size.channels());
    await(
        "the channels' connections",
        () -> openDescriptors() >= (long) size.channels() * size.endpoints());
    report.say(
        "%d channels hold their connections (%d descriptors)", size.channels(), openDescriptors());

    writer.send(FleetWriter.GO);
    unused = writer.await(FleetWriter.WARM, Duration.ofSeconds(size.warmUpSeconds() + 60L));
    report.say("warmed up by %d changes; what follows counts", size.warmUpChanges());
    long cpuBefore = Machine.cpuNanos();
    FleetWriter.Done done =
        FleetWriter.Done.parse(
            writer.await(FleetWriter.DONE, Duration.ofSeconds(size.seconds() + 60L)));
    long channelChanges = size.channelChanges();
    long lastChance = System.nanoTime() + LAST_CHANGE_TIMEOUT.toNanos();
    while ((atListeners.count() < done.sent() || atChannels.count() < channelChanges)
        && System.nanoTime() - lastChance < 0) {
      TimeUnit.MILLISECONDS.sleep(5);
    }
    double cpuSeconds = (Machine.cpuNanos() - cpuBefore) / 1e9;
    long failedCalls = callOnce(channels);
    double heapMb = Machine.liveHeapBytes() / MEBI;
    double watches = etcd.metric("etcd_debugging_mvcc_watcher_total") - WATCHES_OF_THE_WRITER;
    report.say(
        "the writer sent %d changes in %.1f s, at worst %.1f ms late; put ms: p50 %.1f, p99 %.1f",
        done.sent(), done.seconds(), done.latestMillis(), done.putP50Millis(), done.putP99Millis());
    report.say("heap before anything was followed: %.0f MB", heapBefore / MEBI);
    say(report, "directory", atListeners);
    say(report, "channels", atChannels);
    new Outcome(size, done, atListeners, atChannels, channelChanges, options.quick())
        .conclude(report, watches, heapMb, cpuSeconds, failedCalls);
  }

  private static FleetSize size(Options options) {
    return new FleetSize(
        options.get(SERVICES),
        options.get(ENDPOINTS),
        options.get(CHANNELS),
        options.get(RATE),
        options.get(WARM_UP_SECONDS),
        options.get(SECONDS));
  }

  @Override
  public void validate(Options options) {
    Option.requireWithin(CHANNELS.name(), options.get(CHANNELS), 0, options.get(SERVICES));
  }

  private static void requireDescriptors(long needed) {
    long allowed = unix().getMaxFileDescriptorCount();
    if (needed > allowed) {
      throw new IllegalStateException(
          "file descriptors: " + allowed + " (expected: >= " + needed + "; see ulimit -n)");
    }
  }

  private static ChildJvm startWriter(
      RunResources runResources, FleetSize size, LocalEtcd etcd, List<Integer> ports)
      throws Exception {
    String addresses = ports.stream().map(p -> "127.0.0.1:" + p).collect(Collectors.joining(","));
    List<String> arguments = new ArrayList<>(List.of(etcd.address(), addresses));
    arguments.addAll(size.arguments());
    return runResources.own(
        ChildJvm.start("writer", FleetWriter.class, List.of("-Xmx512m"), arguments));
  }

  private static List<PropagationDelays.Reader> subscribe(
      EndpointDirectory directory, FleetSize size, PropagationDelays propagationDelays) {
    List<PropagationDelays.Reader> readers = new ArrayList<>();
    for (int s = 0; s < size.services(); s++) {
      PropagationDelays.Reader reader = propagationDelays.new Reader();
      readers.add(reader);
      // It ends with the directory.
      var unused =
          directory.subscribe(
              ServiceName.of(NAMESPACE, FleetWriter.service(s)),
              endpoints -> reader.onList(endpoints.endpoints()));
    }
    return readers;
  }

  private static List<ManagedChannel> openChannels(
      RunResources runResources, FleetSize size, LocalEtcd etcd) {
    List<ManagedChannel> channels = new ArrayList<>();
    for (int c = 0; c < size.channels(); c++) {
      ManagedChannel channel =
          HoldfastChannelBuilder.forTarget(
                  "etcd://" + etcd.address() + "/" + NAMESPACE + "/" + FleetWriter.service(c))
              .loadBalancing(RecordingLoadBalancerProvider.NAME)
              .usePlaintext()
              .build();
      runResources.own(channel::shutdownNow);
      var unused = channel.getState(true);
      channels.add(channel);
    }
    return channels;
  }

  /**
   * Makes one call on each channel, to check that the lists work after all the changes. Returns the
   * number of failed calls.
   */
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

  private static void say(Report report, String consumer, PropagationDelays propagationDelays) {
    report.say(
        "%s: %d changes in %d lists; ms: p50 %.1f, p90 %.1f, p99 %.1f, max %.1f",
        consumer,
        propagationDelays.count(),
        propagationDelays.lists(),
        propagationDelays.percentileMillis(50),
        propagationDelays.percentileMillis(90),
        propagationDelays.percentileMillis(99),
        propagationDelays.maxMillis());
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

  private record Outcome(
      FleetSize size,
      FleetWriter.Done done,
      PropagationDelays atListeners,
      PropagationDelays atChannels,
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
          .figure("plain_watch_p99_ms", done.plainP99Millis())
          .figure("put_p50_ms", done.putP50Millis())
          .figure("put_p99_ms", done.putP99Millis())
          .figure("changes", done.sent())
          .figure("changes_s", rate)
          .none("missing", missing)
          .figure("channels", size.channels())
          .none("failed", failedCalls)
          .bound(
              watches == size.services(), "watches: %.0f (expected: %d)", watches, size.services())
          .bound(done.failed() == 0, "puts that failed: %d (expected: 0)", done.failed())
          .speedBound(
              rate >= LEAST_RATE_SHARE * size.rate(),
              "changes/s: %.1f (expected: >= %.1f)",
              rate,
              LEAST_RATE_SHARE * size.rate())
          .speedBound(p99 <= P99_BOUND_MS, "p99_ms: %.1f (expected: <= %.0f)", p99, P99_BOUND_MS);
    }
  }
}
