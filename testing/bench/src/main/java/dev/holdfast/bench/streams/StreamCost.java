package dev.holdfast.bench.streams;

import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Machine;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.Sample;
import dev.holdfast.bench.streams.StreamLoad.Slice;
import dev.holdfast.streams.grpc.Holdfast;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * The benchmark of a resumable stream's cost per message against the same stream on raw grpc-java.
 */
public final class StreamCost extends Comparison {
  private static final Option RUNS =
      new Option("--runs", 4, 1, 1, 100, "server processes and connections, one after the other");
  private static final Option PAIRS =
      new Option("--pairs", 4, 1, 1, 1_000, "pairs of a load and run");
  private static final Option SLICE_MILLIS =
      new Option("--slice-millis", 500, 100, 100, 60_000, "measured time of a slice, four a pair");
  private static final Option WARM_UP_SECONDS =
      new Option("--warm-up", 4, 0, 0, 600, "seconds per side and load before a run's first pair");
  private static final Option STREAMS =
      new Option("--streams", 16, 16, 1, 1_000, "ping-pong streams of a side");
  private static final Option FLOOD_STREAMS =
      new Option("--flood-streams", 4, 4, 1, 1_000, "flooded streams of a side");
  private static final Option CONTROL =
      new Option("--control", 0, 0, 0, 1, "1: raw on both sides, to see the method's own error");
  private static final Option CACHED_POOL =
      new Option(
          "--cached-pool", 0, 0, 0, 1, "1: callbacks of ours on a cached pool, as grpc-java's are");
  private static final Option ONLY =
      new Option("--only", 0, 0, 0, 20, "one load, by its number; 0: all of them");

  /** Bytes of a message, by the name of the size. */
  private enum Size {
    B64("64", 64),
    KIB_4("4k", 4 << 10),
    KIB_64("64k", 64 << 10),
    MIB_1("1m", 1 << 20);

    final String label;
    final int bytes;

    Size(String label, int bytes) {
      this.label = label;
      this.bytes = bytes;
    }
  }

  private static final String SERVER_STREAM = "server_stream_";
  private static final String CLIENT_STREAM = "client_stream_";
  private static final Duration LEAD_IN = Duration.ofMillis(100);
  private static final Duration WARM_UP_SLICE = Duration.ofMillis(400);
  private static final int LEAST_PAIRS = 10;
  private static final int MOST_SLICES = 100;
  private static final double RATIO_BOUND = 0.90;

  /** Of a ping-pong of the smallest messages, where a round is all latency. */
  private static final double SMALL_PINGPONG_BOUND = 0.95;

  @Override
  public String name() {
    return "streams";
  }

  @Override
  public String summary() {
    return "resumable streams against raw grpc-java, 64 B to 1 MiB: every ratio >= 0.90,"
        + " ping-pong at 64 B >= 0.95";
  }

  @Override
  public List<Option> options() {
    return List.of(
        RUNS,
        PAIRS,
        SLICE_MILLIS,
        WARM_UP_SECONDS,
        STREAMS,
        FLOOD_STREAMS,
        CONTROL,
        CACHED_POOL,
        ONLY);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "One client process and one server process, real TCP on loopback, one connection a side,"
            + " stock builders",
        "with their default executors; the server process and the connections are new in each run,"
            + " as their threads and compiled",
        "code differ from one to the next; the same service, once as it is and once"
            + " Holdfast.resumable(..), level resume.",
        "ping-pong: on each stream one message is under way; rounds per second and their p99.",
        "flood: one way, as much as isReady allows; messages per second where they arrive; down"
            + " from the server and",
        "up from the client are measured apart, and the worse ratio of both counts.",
        "server_stream, client_stream: the same floods by server-streaming and client-streaming"
            + " methods.",
        "Streams stay open in a run. Loads take turns, each as a pair: four slices in the order"
            + " A B B A, so that a machine that",
        "becomes slower or faster is so to both; "
            + LEAD_IN.toMillis()
            + " ms before each slice don't count. A slice ends when all that it",
        "sent has arrived. A ratio is made within each pair; the result is the median of all runs'"
            + " pairs.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "to both: client and server share the cores, so absolute figures are not those of a"
            + " network.",
        "to both: each side's JIT code is shared with the other's.",
        "to ours: raw streams keep nothing, so they may have 64 KiB and more on the way before"
            + " isReady says no; ours",
        "keep what is not acknowledged, 256 messages by default.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    Map<String, List<Pair>> pairs = new HashMap<>();
    List<Load> loads = List.of();
    for (int i = 1; i <= options.get(RUNS); i++) {
      report.say("run %d of %d", i, options.get(RUNS));
      try (RunResources ofRun = runResources.own(new RunResources())) {
        loads = connect(options, ofRun, pairs);
        run(loads, options, report);
      }
    }
    loads.forEach(load -> load.say(report));
    if (options.get(ONLY) > 0) {
      report.figure("ratio_" + loads.get(0).name, loads.get(0).ratio().median());
    } else {
      conclude(report, loads, options.quick(), loads.get(0).pairs.size());
    }
  }

  /** Measures the pairs of all loads, over the same connections, once they are warm. */
  private static void run(List<Load> loads, Options options, Report report) throws Exception {
    long warmUpPairs =
        Duration.ofSeconds(options.get(WARM_UP_SECONDS)).dividedBy(WARM_UP_SLICE.multipliedBy(2));
    report.say("warming up, %d s per side and load", options.get(WARM_UP_SECONDS));
    for (int i = 0; i < warmUpPairs; i++) {
      for (Load load : loads) {
        var unused = load.turn(i % 2 == 0, WARM_UP_SLICE);
      }
    }
    Duration slice = Duration.ofMillis(options.get(SLICE_MILLIS));
    for (int i = 0; i < options.get(PAIRS); i++) {
      StringBuilder ratios = new StringBuilder();
      for (Load load : loads) {
        Pair pair = load.turn(load.pairs.size() % 2 == 0, slice);
        load.pairs.add(pair);
        ratios.append(
            String.format("  %s %.3f", load.name, pair.ratio(side -> side.slice().perSecond())));
      }
      report.say("pair %d of %d:%s", i + 1, options.get(PAIRS), ratios);
    }
  }

  /** The loads over a server process and connections of their own. */
  private static List<Load> connect(
      Options options, RunResources runResources, Map<String, List<Pair>> pairs) throws Exception {
    StreamServers servers = StreamServers.start(runResources, List.of("-Xmx1g"));
    boolean control = options.get(CONTROL) == 1;
    List<ClientInterceptor> interceptors = new ArrayList<>(List.of(Holdfast.resumable()));
    if (options.get(CACHED_POOL) == 1) {
      // The last one is the first to see a call.
      interceptors.add(new OnCachedPool());
    }
    ManagedChannel ours = channel(runResources, servers, !control, interceptors);
    ManagedChannel raw = channel(runResources, servers, false, interceptors);
    List<Load> loads = allLoads(options, new Sides(ours, raw, servers, pairs));
    int only = options.get(ONLY);
    return only > 0 ? List.of(loads.get(only - 1)) : loads;
  }

  private static List<Load> allLoads(Options options, Sides sides) {
    int streams = options.get(STREAMS);
    int flooded = options.get(FLOOD_STREAMS);
    List<Load> loads = new ArrayList<>();
    for (Size size : Size.values()) {
      int bytes = size.bytes;
      String label = size.label;
      loads.add(sides.load("pingpong_" + label, c -> new PingPong(c, streams, bytes)));
      loads.add(sides.load("down_" + label, c -> new Flood(c, false, flooded, bytes)));
      loads.add(sides.load("up_" + label, c -> new Flood(c, true, flooded, bytes)));
      loads.add(sides.load(SERVER_STREAM + label, c -> new Subscriptions(c, flooded, bytes)));
      loads.add(
          sides.load(CLIENT_STREAM + label, c -> new Uploads(c, sides.servers, flooded, bytes)));
    }
    return loads;
  }

  private static void conclude(Report report, List<Load> loads, boolean quick, int pairs) {
    for (Size size : Size.values()) {
      double pingPong = load(loads, "pingpong_" + size.label).ratio().median();
      double down = load(loads, "down_" + size.label).ratio().median();
      double up = load(loads, "up_" + size.label).ratio().median();
      double flood = Math.min(down, up);
      report
          .atLeast(
              "ratio_pingpong_" + size.label,
              pingPong,
              size == Size.B64 ? SMALL_PINGPONG_BOUND : RATIO_BOUND)
          .atLeast("ratio_flood_" + size.label, flood, RATIO_BOUND);
      for (String kind : List.of(SERVER_STREAM, CLIENT_STREAM)) {
        double ratio = load(loads, kind + size.label).ratio().median();
        report.atLeast("ratio_" + kind + size.label, ratio, RATIO_BOUND);
      }
    }
    for (Size size : Size.values()) {
      String label = size.label;
      Load pingPong = load(loads, "pingpong_" + label);
      report
          .figure("ratio_down_" + label, load(loads, "down_" + label).ratio().median())
          .figure("ratio_up_" + label, load(loads, "up_" + label).ratio().median())
          .figure("p99_us_" + label, pingPong.median(pair -> pair.ours.slice.p99Micros()))
          .figure("raw_p99_us_" + label, pingPong.median(pair -> pair.raw.slice.p99Micros()));
    }
    loads.forEach(load -> report.figure("iqr_" + load.name, load.ratio().interquartileRange()));
    report
        .figure("pairs", pairs)
        .bound(quick || pairs >= LEAST_PAIRS, "pairs: %d (expected: >= %d)", pairs, LEAST_PAIRS);
  }

  private static Load load(List<Load> loads, String name) {
    return loads.stream().filter(load -> load.name.equals(name)).findFirst().orElseThrow();
  }

  private static ManagedChannel channel(
      RunResources runResources,
      StreamServers servers,
      boolean resumable,
      List<ClientInterceptor> interceptors) {
    NettyChannelBuilder builder =
        NettyChannelBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), servers.port(resumable)))
            .usePlaintext();
    if (resumable) {
      builder.intercept(interceptors);
    }
    ManagedChannel channel = builder.build();
    runResources.own(channel::shutdownNow);
    return channel;
  }

  /** Calls the application on threads as grpc-java's own, of which each callback takes one. */
  private static final class OnCachedPool implements ClientInterceptor {
    private final Executor pool =
        Executors.newCachedThreadPool(new DefaultThreadFactory("cached-pool", true));

    @Override
    public <ReqT, RespT> ClientCall<ReqT, RespT> interceptCall(
        MethodDescriptor<ReqT, RespT> method, CallOptions options, Channel next) {
      return next.newCall(method, options.withExecutor(pool));
    }
  }

  /** A slice, and the CPU time of both processes per message of it. */
  private record Side(Slice slice, double cpuMicros) {
    static Side mean(Side one, Side other) {
      Slice slice =
          new Slice(
              mean(one.slice.perSecond(), other.slice.perSecond()),
              mean(one.slice.p99Micros(), other.slice.p99Micros()));
      return new Side(slice, mean(one.cpuMicros, other.cpuMicros));
    }

    private static double mean(double one, double other) {
      return (one + other) / 2;
    }
  }

  /** Four consecutive slices, two of each side; each side is their mean. */
  private record Pair(Side ours, Side raw) {
    double ratio(ToDoubleFunction<Side> figure) {
      return figure.applyAsDouble(ours) / figure.applyAsDouble(raw);
    }
  }

  /**
   * The connections of a run.
   *
   * @param pairs of all runs, by the name of the load
   */
  private record Sides(
      ManagedChannel ours,
      ManagedChannel raw,
      StreamServers servers,
      Map<String, List<Pair>> pairs) {
    Load load(String name, Function<ManagedChannel, StreamLoad> side) {
      List<Pair> ofLoad = pairs.computeIfAbsent(name, unused -> new ArrayList<>());
      return new Load(name, side.apply(ours), side.apply(raw), servers, ofLoad);
    }
  }

  /** A load with its streams on both sides, and the measured pairs of all runs. */
  private record Load(
      String name, StreamLoad ours, StreamLoad raw, StreamServers servers, List<Pair> pairs) {
    Pair turn(boolean oursOutside, Duration slice) throws Exception {
      StreamLoad outside = oursOutside ? ours : raw;
      StreamLoad inside = oursOutside ? raw : ours;
      Side first = measure(outside, slice);
      Side middle = Side.mean(measure(inside, slice), measure(inside, slice));
      Side around = Side.mean(first, measure(outside, slice));
      return oursOutside ? new Pair(around, middle) : new Pair(middle, around);
    }

    /** Again where the machine stood still for a whole slice: without a message is no ratio. */
    private Side measure(StreamLoad side, Duration slice) throws Exception {
      for (int i = 0; i < MOST_SLICES; i++) {
        long cpu = servers.cpuNanos() + Machine.cpuNanos();
        long start = System.nanoTime();
        Slice measured = side.run(LEAD_IN, slice);
        double took = (System.nanoTime() - start) / 1e9;
        cpu = servers.cpuNanos() + Machine.cpuNanos() - cpu;
        if (measured.perSecond() > 0) {
          return new Side(measured, cpu / 1e3 / (measured.perSecond() * took));
        }
      }
      throw new IllegalStateException(
          "no message in %d slices of %d ms (expected: at least one)"
              .formatted(MOST_SLICES, slice.toMillis()));
    }

    Sample ratio() {
      return Sample.of(
          pairs.stream().mapToDouble(pair -> pair.ratio(side -> side.slice.perSecond())).toArray());
    }

    double median(ToDoubleFunction<Pair> figure) {
      return Sample.of(pairs.stream().mapToDouble(figure).toArray()).median();
    }

    void say(Report report) {
      Sample ratio = ratio();
      report.say(
          "%s: ratio median %.3f, quartiles %.3f to %.3f, range %.3f to %.3f; ours %.0f/s,"
              + " raw %.0f/s; CPU %.2f and %.2f us; p99 %.0f and %.0f us",
          name,
          ratio.median(),
          ratio.lowerQuartile(),
          ratio.upperQuartile(),
          ratio.min(),
          ratio.max(),
          median(pair -> pair.ours.slice.perSecond()),
          median(pair -> pair.raw.slice.perSecond()),
          median(pair -> pair.ours.cpuMicros),
          median(pair -> pair.raw.cpuMicros),
          median(pair -> pair.ours.slice.p99Micros()),
          median(pair -> pair.raw.slice.p99Micros()));
    }
  }
}
