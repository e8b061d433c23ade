package dev.holdfast.bench.channel;

import dev.holdfast.bench.channel.ClosedLoopLoad.Slice;
import dev.holdfast.bench.load.EchoServers;
import dev.holdfast.bench.load.StaticResolver;
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
import io.grpc.EquivalentAddressGroup;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.NameResolverRegistry;
import io.grpc.netty.NettyChannelBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The benchmark of a Holdfast channel's cost per call against stock grpc-java. */
public final class ChannelCost extends Comparison {
  private static final Option PAIRS =
      new Option("--pairs", 40, 2, 1, 1_000, "slices of each side, alternating");
  private static final Option SLICE_MILLIS =
      new Option("--slice-millis", 1_500, 500, 100, 60_000, "measured time of a slice");
  private static final Option WARM_UP_SECONDS =
      new Option("--warm-up", 20, 2, 0, 600, "seconds per side before the first pair");
  private static final Option IN_FLIGHT =
      new Option("--in-flight", 32, 32, 1, 1_000, "calls under way at any time");
  private static final Option IDEMPOTENT =
      new Option("--idempotent", 0, 0, 0, 1, "1: a method that Holdfast is prepared to call again");
  private static final Option CONTROL =
      new Option("--control", 0, 0, 0, 1, "1: two stock channels, to see the method's own error");

  private static final String SERVICE = "bench/channel";
  private static final String STATIC_SCHEME = "bench-static";
  private static final int ENDPOINTS = 3;
  private static final int PAYLOAD_BYTES = 64;
  private static final int FIRST_CALLS = 100;
  private static final Duration LEAD_IN = Duration.ofMillis(300);
  private static final Duration WARM_UP_SLICE = Duration.ofSeconds(1);
  private static final int LEAST_PAIRS = 10;
  private static final double RATIO_BOUND = 0.97;

  @Override
  public String name() {
    return "channel";
  }

  @Override
  public String summary() {
    return "unary 64 B, 3 endpoints: Holdfast's channel against stock round_robin, ratio >= 0.97";
  }

  @Override
  public List<Option> options() {
    return List.of(PAIRS, SLICE_MILLIS, WARM_UP_SECONDS, IN_FLIGHT, IDEMPOTENT, CONTROL);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "One process makes unary calls with 64 bytes each way in a closed loop, in turn through a",
        "Holdfast channel that follows etcd and through a stock NettyChannelBuilder with"
            + " round_robin",
        "over the same three stock servers, which run in another process. Both have grpc's default",
        "executor and event loops, and both stay connected all the time. The order is A B B A, so",
        "that a drift of the machine hits both; each slice has "
            + LEAD_IN.toMillis()
            + " ms before it that don't count.",
        "A ratio is made within each pair of neighbours; the result is the median of the pairs.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "to both: client and servers share the cores, so absolute figures are not those of a"
            + " network.",
        "to stock: its JIT code is shared with ours (and ours with its).");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    List<Integer> ports = EchoServers.ports(EchoServers.start(runResources, ENDPOINTS, false));
    ManagedChannel ours =
        options.get(CONTROL) == 1 ? stock(runResources, ports) : holdfast(runResources, ports);
    ManagedChannel stock = stock(runResources, ports);
    WarmUpCalls.make(ours, FIRST_CALLS);
    WarmUpCalls.make(stock, FIRST_CALLS);
    boolean idempotent = options.get(IDEMPOTENT) == 1;
    Sides sides =
        new Sides(
            new ClosedLoopLoad(ours, options.get(IN_FLIGHT), PAYLOAD_BYTES, idempotent),
            new ClosedLoopLoad(stock, options.get(IN_FLIGHT), PAYLOAD_BYTES, idempotent));
    report.say("warming both sides up, %d s each", options.get(WARM_UP_SECONDS));
    for (int i = 0; i < options.get(WARM_UP_SECONDS); i++) {
      var unused = sides.measure(i % 2 == 0, WARM_UP_SLICE);
    }
    List<Pair> pairs = new ArrayList<>();
    Duration slice = Duration.ofMillis(options.get(SLICE_MILLIS));
    for (int i = 0; i < options.get(PAIRS); i++) {
      Pair pair = sides.measure(i % 2 == 0, slice);
      pairs.add(pair);
      report.say(
          "pair %d of %d: holdfast %.0f calls/s, p99 %.2f ms; stock %.0f calls/s, p99 %.2f ms;"
              + " ratio %.3f",
          i + 1,
          options.get(PAIRS),
          pair.ours.callsPerSecond(),
          pair.ours.p99Micros() / 1e3,
          pair.stock.callsPerSecond(),
          pair.stock.p99Micros() / 1e3,
          pair.ratio(Slice::callsPerSecond));
    }
    conclude(report, pairs, options.quick());
  }

  private static void conclude(Report report, List<Pair> pairs, boolean quick) {
    Sample ratio = ratios(pairs, Slice::callsPerSecond);
    Sample p99Ratio = ratios(pairs, Slice::p99Micros);
    Sample cpuRatio = ratios(pairs, Slice::cpuMicrosPerCall);
    long failed = pairs.stream().mapToLong(p -> p.ours.failed() + p.stock.failed()).sum();
    say(report, "throughput, ours over stock", ratio);
    say(report, "p99 latency, ours over stock", p99Ratio);
    say(report, "client CPU per call, ours over stock", cpuRatio);
    say(report, "ours, calls/s", values(pairs, p -> p.ours.callsPerSecond()));
    say(report, "stock, calls/s", values(pairs, p -> p.stock.callsPerSecond()));
    report
        .atLeast("ratio", ratio.median(), RATIO_BOUND)
        .figure("p99_ratio", p99Ratio.median())
        .figure("pairs", pairs.size())
        .figure("ratio_iqr", ratio.interquartileRange())
        .figure("p99_ratio_iqr", p99Ratio.interquartileRange())
        .figure("cpu_ratio", cpuRatio.median())
        .figure("cpu_ratio_iqr", cpuRatio.interquartileRange())
        .figure("holdfast_calls_s", values(pairs, p -> p.ours.callsPerSecond()).median())
        .figure("stock_calls_s", values(pairs, p -> p.stock.callsPerSecond()).median())
        .none("failed", failed)
        .bound(
            quick || pairs.size() >= LEAST_PAIRS,
            "pairs: %d (expected: >= %d)",
            pairs.size(),
            LEAST_PAIRS);
  }

  private static void say(Report report, String what, Sample sample) {
    report.say(
        "%s: median %.3f, quartiles %.3f to %.3f, range %.3f to %.3f",
        what,
        sample.median(),
        sample.lowerQuartile(),
        sample.upperQuartile(),
        sample.min(),
        sample.max());
  }

  private static Sample ratios(List<Pair> pairs, ToDoubleFunction<Slice> figure) {
    return values(pairs, pair -> pair.ratio(figure));
  }

  private static Sample values(List<Pair> pairs, ToDoubleFunction<Pair> figure) {
    return Sample.of(pairs.stream().mapToDouble(figure).toArray());
  }

  private static ManagedChannel holdfast(RunResources runResources, List<Integer> ports)
      throws Exception {
    LocalEtcd etcd = LocalEtcd.start(runResources);
    EtcdStub stub = runResources.own(new EtcdStub(etcd.address()));
    for (int port : ports) {
      String address = "127.0.0.1:" + port;
      stub.put(EtcdStub.key(SERVICE, address), EtcdStub.record(address, "i" + port, Map.of()));
    }
    ManagedChannel channel =
        HoldfastChannelBuilder.forTarget("etcd://" + etcd.address() + "/" + SERVICE)
            .usePlaintext()
            .build();
    runResources.own(channel::shutdownNow);
    return channel;
  }

  private static ManagedChannel stock(RunResources runResources, List<Integer> ports) {
    List<EquivalentAddressGroup> addresses =
        ports.stream()
            .map(
                p ->
                    new EquivalentAddressGroup(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), p)))
            .toList();
    NameResolverRegistry.getDefaultRegistry()
        .register(new StaticResolver(STATIC_SCHEME, addresses));
    ManagedChannelBuilder<?> builder =
        NettyChannelBuilder.forTarget(STATIC_SCHEME + ":///servers")
            .defaultLoadBalancingPolicy("round_robin")
            .usePlaintext();
    ManagedChannel channel = builder.build();
    runResources.own(channel::shutdownNow);
    return channel;
  }

  /** Two consecutive slices, one of each side. */
  private record Pair(Slice ours, Slice stock) {
    double ratio(ToDoubleFunction<Slice> figure) {
      return figure.applyAsDouble(ours) / figure.applyAsDouble(stock);
    }
  }

  /** The two things that are compared. */
  private record Sides(ClosedLoopLoad ours, ClosedLoopLoad stock) {
    Pair measure(boolean oursFirst, Duration slice) throws InterruptedException {
      if (oursFirst) {
        Slice first = ours.run(LEAD_IN, slice);
        return new Pair(first, stock.run(LEAD_IN, slice));
      }
      Slice first = stock.run(LEAD_IN, slice);
      return new Pair(ours.run(LEAD_IN, slice), first);
    }
  }
}
