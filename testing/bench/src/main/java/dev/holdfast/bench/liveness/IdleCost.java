package dev.holdfast.bench.liveness;

import dev.holdfast.bench.liveness.IdleServer.Kind;
import dev.holdfast.bench.liveness.IdleSide.Usage;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.Sample;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The benchmark of liveness checks on idle connections: their CPU and memory cost. */
public final class IdleCost extends Comparison {
  private static final Option CONNECTIONS =
      new Option("--connections", 15_000, 2_000, 1, 18_000, "idle connections of each server");
  private static final Option INTERVAL_SECONDS =
      new Option("--interval", 10, 10, 10, 600, "seconds of silence before a PING");
  private static final Option WARM_UP_SECONDS =
      new Option("--warm-up", 60, 2, 0, 600, "seconds before the first window");
  private static final Option WINDOWS =
      new Option("--windows", 8, 1, 1, 1_000, "windows of CPU time");
  private static final Option WINDOW_SECONDS =
      new Option("--window", 20, 10, 1, 600, "seconds of each window");

  private static final double HEAP_BOUND_BYTES = 512;
  private static final double CPU_BOUND = 1.05;
  private static final double PINGS_TOLERANCE = 0.1;

  @Override
  public String name() {
    return "idle";
  }

  @Override
  public String summary() {
    return "15,000 idle connections: liveness adds <= 512 bytes each, CPU <= 1.05 of stock pings";
  }

  @Override
  public List<Option> options() {
    return List.of(CONNECTIONS, INTERVAL_SECONDS, WARM_UP_SECONDS, WINDOWS, WINDOW_SECONDS);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "Three servers side by side, each in a process, each with idle connections from another"
            + " process: Holdfast's",
        "with liveness; a stock one whose keepalive pings after the same silence; Holdfast's"
            + " without liveness.",
        "The clients are bare HTTP/2 connections that answer PINGs; those of the first have the"
            + " liveness handler too.",
        "Heap: the bytes of all reachable objects, less what they were before the connections, per"
            + " connection; added is",
        "the first server less the third, and the same for the clients' processes.",
        "CPU: of the whole server process per PING sent, first over second, in windows that both"
            + " are measured in at",
        "the same time, so that a drift of the machine hits both; the result is the median of the"
            + " windows.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "to both: six processes share the cores.",
        "to both: grpc's own keepalive of 2 h, a timer per connection, is in all three servers.",
        "to neither: what a channel of gRPC keeps per endpoint (the pair, the balancer) is not in"
            + " the clients.");
  }

  @Override
  public void validate(Options options) {
    if (options.get(WINDOW_SECONDS) < options.get(INTERVAL_SECONDS)) {
      throw new IllegalArgumentException(
          "--window: "
              + options.get(WINDOW_SECONDS)
              + " (expected: at least --interval, or a window has no PING of some connections)");
    }
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    int connections = options.get(CONNECTIONS);
    List<IdleSide> sides = new ArrayList<>();
    for (Kind kind : List.of(Kind.HOLDFAST, Kind.STOCK, Kind.BARE)) {
      sides.add(IdleSide.start(runResources, kind, connections, options.get(INTERVAL_SECONDS)));
      report.say("%s: %d connections stand", kind, sides.get(sides.size() - 1).open());
    }
    IdleSide holdfast = sides.get(0);
    IdleSide stock = sides.get(1);
    IdleSide bare = sides.get(2);
    TimeUnit.SECONDS.sleep(options.get(WARM_UP_SECONDS));
    Sample cpuRatio = cpu(options, report, holdfast, stock);
    double bareServer = bare.serverBytes();
    double bareClient = bare.clientBytes();
    double server = holdfast.serverBytes() - bareServer;
    double client = holdfast.clientBytes() - bareClient;
    double ofStock = stock.serverBytes() - bareServer;
    report.say(
        "heap per connection: a bare server %.0f, liveness adds %.0f, stock %.0f; bare clients"
            + " %.0f, liveness adds %.0f",
        bareServer, server, ofStock, bareClient, client);
    for (IdleSide side : sides) {
      long open = side.open();
      report.bound(
          open == connections, "%s: %d open (expected: %d)", side.kind(), open, connections);
    }
    report
        .atMost("heap_added_bytes", Math.max(server, client), HEAP_BOUND_BYTES)
        .atMost("cpu_ratio", cpuRatio.median(), CPU_BOUND)
        .figure("cpu_ratio_iqr", cpuRatio.interquartileRange())
        .figure("server_heap_added_bytes", server)
        .figure("client_heap_added_bytes", client)
        .figure("stock_heap_added_bytes", ofStock)
        .figure("connections", connections);
  }

  private static Sample cpu(Options options, Report report, IdleSide holdfast, IdleSide stock)
      throws Exception {
    List<Double> ratios = new ArrayList<>();
    long ourPings = 0;
    long theirPings = 0;
    Usage ours = holdfast.usage();
    Usage theirs = stock.usage();
    for (int i = 0; i < options.get(WINDOWS); i++) {
      TimeUnit.SECONDS.sleep(options.get(WINDOW_SECONDS));
      Usage ourWindow = holdfast.usage().since(ours);
      Usage theirWindow = stock.usage().since(theirs);
      ours = holdfast.usage();
      theirs = stock.usage();
      double ratio = ourWindow.cpuMillisPerPing() / theirWindow.cpuMillisPerPing();
      ratios.add(ratio);
      ourPings += ourWindow.pings();
      theirPings += theirWindow.pings();
      report.say(
          "window %d of %d: holdfast %.0f ms of CPU, %d PINGs; stock %.0f ms, %d PINGs; ratio %.3f",
          i + 1,
          options.get(WINDOWS),
          ourWindow.cpuMillis(),
          ourWindow.pings(),
          theirWindow.cpuMillis(),
          theirWindow.pings(),
          ratio);
    }
    Sample ratio = Sample.of(ratios);
    report.say(
        "CPU, ours over stock: median %.3f, quartiles %.3f to %.3f, range %.3f to %.3f",
        ratio.median(), ratio.lowerQuartile(), ratio.upperQuartile(), ratio.min(), ratio.max());
    report.speedBound(
        Math.abs(ourPings / (double) theirPings - 1) <= PINGS_TOLERANCE,
        "pings: %d of Holdfast, %d of stock (expected: as many, within %.0f %%)",
        ourPings,
        theirPings,
        100 * PINGS_TOLERANCE);
    return ratio;
  }
}
