package dev.holdfast.bench.gateway;

import dev.holdfast.bench.process.ProcessMemory;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.Sample;
import dev.holdfast.bench.run.ScratchFolder;
import dev.holdfast.bench.streams.Flood;
import dev.holdfast.bench.streams.StreamServers;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;

/**
 * The benchmark of the gateway's cost per open stream, and of the effect of slow readers on other
 * streams.
 */
public final class GatewayStreams extends Comparison {
  private static final Option STREAMS =
      new Option("--streams", 10_000, 200, 1, 100_000, "open streams with a message per second");
  private static final Option CONNECTIONS =
      new Option("--connections", 100, 4, 2, 5_000, "connections that carry them");
  private static final Option SLICES =
      new Option("--slices", 20, 2, 2, 1_000, "slices of the flood; every other pair with readers");
  private static final Option SLICE_SECONDS =
      new Option("--slice-seconds", 4, 1, 1, 600, "how long each of them lasts");
  private static final Option WARM_UP_SECONDS =
      new Option("--warm-up", 15, 1, 0, 600, "seconds of messages and flood before it counts");
  private static final Option WARM_UP_SLICES =
      new Option("--warm-up-slices", 6, 0, 0, 100, "slices of both kinds before those that count");
  private static final Option SLOW_READERS =
      new Option("--slow-readers", 10, 1, 1, 1_000, "slow readers, on connections of the streams");
  private static final Option CONTROL =
      new Option("--control", 0, 0, 0, 1, "1: HAProxy in place of Holdfast; resident bytes");

  private static final int FLOOD_BYTES = 64 * 1_024;
  private static final int CHAT_WINDOW_BYTES = 65_535;
  private static final int MEMORY_MEASUREMENTS = 7;
  private static final long BYTES_BOUND = 16_384;
  private static final double P99_RATIO_BOUND = 1.5;
  private static final double MEBI = 1024 * 1024;
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration LEAD_IN = Duration.ofMillis(500);

  @Override
  public String name() {
    return "gateway-streams";
  }

  @Override
  public String summary() {
    return "10,000 streams through the gateway: <= 16,384 bytes each; a slow reader costs others"
        + " <= 1.5x of p99";
  }

  @Override
  public List<Option> options() {
    return List.of(
        STREAMS,
        CONNECTIONS,
        SLICES,
        SLICE_SECONDS,
        WARM_UP_SECONDS,
        WARM_UP_SLICES,
        SLOW_READERS,
        CONTROL);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "Streams are opened through ./holdfast gateway, a process of its own, to a stock grpc-java"
            + " server in",
        "another; on each a message of 64 bytes per second is echoed. bytes_per_stream is what that"
            + " adds to the",
        "reachable objects and direct buffers of the gateway's JVM, connections included, while the"
            + " messages",
        "flow. Then the server floods one more stream, on a connection of its own, with messages of"
            + " 64 KiB, in",
        "slices A B B A ..; in those of B there are also slow readers, each on a connection of the"
            + " streams: as",
        "much is sent to them as they let through, and they take one message of 64 KiB in 200 ms."
            + " p99 is that",
        "of the echoes, from when a message was due. slow_reader_p99_ratio is the median of B over"
            + " A, pair by",
        "pair, of all streams or of those that share a connection with a slow reader, whichever is"
            + " worse. What slow readers need is compiled in slices that do not count.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "to us: client, server and gateway share the cores, so the flood's rate is that of all"
            + " three.",
        "to others: nobody else is measured; the streams share connections, 100 on each.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    Path folder = runResources.own(ScratchFolder.create("holdfast-bench-gateway")).path();
    int upstream = StreamServers.start(runResources, List.of("-Xmx1g")).port(false);
    boolean control = options.get(CONTROL) == 1;
    GatewayPrograms programs = new GatewayPrograms(folder);
    GatewayProxy proxy =
        runResources.own(
            control
                ? programs.haproxy(GatewayPrograms.HOLDFAST, upstream)
                : programs.holdfast(upstream));
    proxy.awaitServing();
    ManagedChannel flooded = channel(runResources, proxy, false);
    Flood flood = new Flood(flooded, false, 1, FLOOD_BYTES);
    var unused = flood.run(LEAD_IN, Duration.ofSeconds(options.get(WARM_UP_SECONDS)));
    int measurements = options.quick() ? 1 : MEMORY_MEASUREMENTS;
    long before = memory(proxy, control ? 0 : measurements, report, "without streams");

    List<ManagedChannel> channels = new ArrayList<>();
    for (int i = 0; i < options.get(CONNECTIONS); i++) {
      channels.add(channel(runResources, proxy, true));
    }
    int slow = Math.min(options.get(SLOW_READERS), channels.size());
    ChatStreams chat =
        runResources.own(new ChatStreams(channels, options.get(STREAMS), slow).start());
    chat.awaitOpen(PATIENCE);
    report.say("%d streams are open, %d have ended %s", chat.open(), chat.ended(), chat.firstEnd());
    unused = flood.run(LEAD_IN, Duration.ofSeconds(options.get(WARM_UP_SECONDS)));
    long after = memory(proxy, control ? 0 : measurements, report, "with streams");
    double bytesPerStream = (double) (after - before) / options.get(STREAMS);
    Duration slice = Duration.ofSeconds(options.get(SLICE_SECONDS));
    report.say("%d slices of both kinds that do not count", options.get(WARM_UP_SLICES));
    Sides warming = new Sides(chat, flood, channels.subList(0, slow), report);
    warming.slices(options.get(WARM_UP_SLICES), slice);
    report.say("slices that count");
    Sides sides = new Sides(chat, flood, channels.subList(0, slow), report);
    sides.slices(options.get(SLICES), slice);
    chat.stop(PATIENCE);
    report.figure("streams", chat.open()).atMost("bytes_per_stream", bytesPerStream, BYTES_BOUND);
    sides.conclude();
    report
        .figure("resident_mb", ProcessMemory.resident(proxy.pid()) / MEBI)
        .none("lost", chat.unanswered());
    bounds(options, report, chat, sides);
  }

  private static void bounds(Options options, Report report, ChatStreams chat, Sides sides) {
    int wanted = options.get(STREAMS);
    report
        .bound(
            chat.open() == wanted && chat.ended() == 0,
            "streams: %d, %d ended: %s (expected: %d, none)",
            chat.open(),
            chat.ended(),
            chat.firstEnd(),
            wanted)
        .bound(sides.slowFailures == 0, "slow readers cut: %d (expected: 0)", sides.slowFailures)
        .speedBound(
            sides.ratio() <= P99_RATIO_BOUND,
            "slow_reader_p99_ratio: %.3f (expected: <= %.1f)",
            sides.ratio(),
            P99_RATIO_BOUND);
  }

  /**
   * The memory of the proxy's process, in bytes.
   *
   * @param measurements number of measurements of a JVM's memory; 0 for the resident set size
   *     instead, for a proxy that is no JVM
   */
  private static long memory(GatewayProxy proxy, int measurements, Report report, String when)
      throws Exception {
    long bytes =
        measurements == 0
            ? ProcessMemory.resident(proxy.pid())
            : ProcessMemory.ofJvm(proxy.pid(), measurements);
    report.say("the gateway has %.1f MB %s", bytes / MEBI, when);
    return bytes;
  }

  /**
   * A connection of its own.
   *
   * @param small whether the client takes little before it reads, so that a slow reader's messages
   *     stand elsewhere
   */
  private static ManagedChannel channel(
      RunResources runResources, GatewayProxy proxy, boolean small) {
    NettyChannelBuilder builder =
        NettyChannelBuilder.forAddress("127.0.0.1", proxy.port())
            .usePlaintext()
            .directExecutor()
            .disableServiceConfigLookUp();
    ManagedChannel channel =
        (small ? builder.flowControlWindow(CHAT_WINDOW_BYTES) : builder).build();
    runResources.own(channel::shutdownNow);
    return channel;
  }

  /** The flood with and without slow readers. */
  private static final class Sides {
    private final ChatStreams chat;
    private final Flood flood;
    private final List<ManagedChannel> slowChannels;
    private final Report report;
    private final List<Side> sides = List.of(new Side(), new Side());
    long slowFailures;

    Sides(ChatStreams chat, Flood flood, List<ManagedChannel> slowChannels, Report report) {
      this.chat = chat;
      this.flood = flood;
      this.slowChannels = List.copyOf(slowChannels);
      this.report = report;
    }

    /** A B B A: a drift of the machine hits both. */
    void slices(int count, Duration each) throws InterruptedException {
      for (int i = 0; i < count; i++) {
        slice(i % 4 == 1 || i % 4 == 2, each);
      }
    }

    private void slice(boolean withReaders, Duration length) throws InterruptedException {
      if (!withReaders) {
        flooded(sides.get(0), length);
        return;
      }
      SlowReaders readers = new SlowReaders(slowChannels, FLOOD_BYTES);
      flooded(sides.get(1), length);
      report.say("the slow readers have read %d messages", readers.messages());
      readers.end();
      slowFailures += readers.failures();
    }

    private void flooded(Side side, Duration length) throws InterruptedException {
      var unused = chat.takeAll();
      unused = chat.takeNeighbours();
      double messages = flood.run(LEAD_IN, length).perSecond();
      Histogram all = chat.takeAll();
      Histogram neighbours = chat.takeNeighbours();
      side.add(messages * FLOOD_BYTES / 1e6, all, neighbours);
      report.say(
          "%s: flood %.0f MB/s; echoes p99 %.2f ms of %d, of neighbours %.2f ms of %d",
          side == sides.get(0) ? "flood alone" : "flood and slow readers",
          messages * FLOOD_BYTES / 1e6,
          all.getValueAtPercentile(99) / 1e3,
          all.getTotalCount(),
          neighbours.getValueAtPercentile(99) / 1e3,
          neighbours.getTotalCount());
    }

    /** The median of the pairs, of all streams or of neighbours, whichever is worse. */
    double ratio() {
      return Math.max(ratios(Side::allMillis).median(), ratios(Side::neighboursMillis).median());
    }

    /** Pair by pair, so that a moment at which the machine is busy concerns one of them. */
    private Sample ratios(Function<Side, List<Double>> p99s) {
      List<Double> alone = p99s.apply(sides.get(0));
      List<Double> beside = p99s.apply(sides.get(1));
      return Sample.of(
          IntStream.range(0, Math.min(alone.size(), beside.size()))
              .mapToObj(i -> beside.get(i) / alone.get(i))
              .toList());
    }

    void conclude() {
      Side alone = sides.get(0);
      Side beside = sides.get(1);
      report
          .figure("flood_mb_s", Sample.of(beside.megabytes).median())
          .figure("slow_reader_p99_ratio", ratio())
          .figure("iqr", ratios(Side::allMillis).interquartileRange())
          .figure("neighbours_iqr", ratios(Side::neighboursMillis).interquartileRange())
          .figure("pairs", beside.allMillis.size())
          .figure("flood_alone_mb_s", Sample.of(alone.megabytes).median())
          .figure("p99_ms", alone.p99(alone.all))
          .figure("neighbours_p99_ms", alone.p99(alone.neighbours))
          .figure("slow_p99_ms", beside.p99(beside.all))
          .figure("slow_neighbours_p99_ms", beside.p99(beside.neighbours));
    }
  }

  /** All slices of one kind. */
  private static final class Side {
    final List<Double> megabytes = new ArrayList<>();
    final Histogram all = new Histogram(3);
    final Histogram neighbours = new Histogram(3);
    private final List<Double> allMillis = new ArrayList<>();
    private final List<Double> neighboursMillis = new ArrayList<>();

    List<Double> allMillis() {
      return allMillis;
    }

    List<Double> neighboursMillis() {
      return neighboursMillis;
    }

    void add(double megabytesPerSecond, Histogram someOfAll, Histogram someOfNeighbours) {
      megabytes.add(megabytesPerSecond);
      all.add(someOfAll);
      neighbours.add(someOfNeighbours);
      allMillis.add(p99(someOfAll));
      neighboursMillis.add(p99(someOfNeighbours));
    }

    double p99(Histogram micros) {
      return micros.getValueAtPercentile(99) / 1e3;
    }
  }
}
