package dev.holdfast.bench.streams;

import dev.holdfast.bench.process.ProcessMemory;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.Sample;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.streams.grpc.ClientStreams;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** The cost of greedy and vanished peers for a server of resumable streams and its others. */
public final class StreamsFlood extends Comparison {
  private static final Option HOSTILE =
      new Option("--hostile", 8, 4, 1, 100, "senders of large messages to a slow handler");
  private static final Option SUBSCRIBERS =
      new Option("--subscribers", 1_024, 128, 0, 4_096, "subscribers that are killed");
  private static final Option NEIGHBOURS =
      new Option("--neighbours", 16, 8, 1, 1_000, "streams with a small message each 10 ms");
  private static final Option SECONDS =
      new Option("--seconds", 3, 2, 1, 600, "seconds of each measurement of the neighbours");
  private static final Option ALTERNATIONS =
      new Option("--alternations", 20, 1, 1, 100, "turns that count, of each server");
  private static final Option START =
      new Option("--start", 10, 2, 0, 200, "seconds that senders run before the first turn");
  private static final Option SETTLE =
      new Option(
          "--settle", 2, 1, 0, 100, "seconds after senders go on or stand still that don't count");
  private static final Option HEAP =
      new Option("--heap-mb", 400, 400, 64, 4_096, "-Xms and -Xmx of the server");

  private static final int SUBSCRIBED_BYTES = 4 << 10;
  private static final int MEASUREMENTS = 5;

  private static final double MIB = 1 << 20;
  private static final double P99_BOUND = 1.5;

  /**
   * Where the machine makes plain gRPC miss the bound above: no more than it costs that. Equal
   * servers are above 1 in half of all runs, so the lower end of the interval of 95 % counts.
   */
  private static final double OVER_PLAIN_BOUND = 1.0;

  /** The cap on the median, as the interval of few turns is wide. */
  private static final double OVER_PLAIN_MEDIAN_BOUND = 1.2;

  private static final double RATE_BOUND = 0.5;
  private static final Duration SETTLING = Duration.ofSeconds(3);
  private static final Duration FLOODED = Duration.ofSeconds(3);
  private static final int MOST_POLLS = 120;

  @Override
  public String name() {
    return "streams-flood";
  }

  @Override
  public String summary() {
    return "hostile senders and vanished subscribers: memory within the budget, neighbours <= 1.5";
  }

  @Override
  public List<Option> options() {
    return List.of(HOSTILE, SUBSCRIBERS, NEIGHBOURS, SECONDS, ALTERNATIONS, START, SETTLE, HEAP);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "A server process with a small heap, its handler takes a second for each large message.",
        "Neighbours: one small message each 10 ms and its echo; and one flood of 4 KiB from the"
            + " server.",
        "Then subscribers that take nothing are killed when the server holds all it will for them,"
            + " and",
        "hostile senders in a process of their own, which yields the CPU (SCHED_IDLE) and whose"
            + " buffers are without a",
        "limit, win credit by small messages and then send 256 of 4 MiB each. In each turn they"
            + " stand still (SIGSTOP)",
        "and go on, so that what the machine does meanwhile hits both alike. p99 of the neighbours"
            + " beside senders over",
        "that without, the median of all turns; in turn with a server and clients of plain gRPC;"
            + " the first turn does not",
        "count. Above 1.5 the ratio of a turn over that of plain gRPC's before it counts: the"
            + " median of all is <= 1.2, and",
        "not shown to be above 1 (sign test, 95 %).",
        "p99, and the rate of the flood, beside what the subscribers left over those before; and",
        "reachable memory of the server beside all of them, less that before.");
  }

  @Override
  protected List<String> unfair() {
    return List.of("to us: server, neighbours and hostile senders share the cores.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    Side plain = new Side(false, options, runResources);
    Side ours = new Side(true, options, runResources);
    report.say("warming up; the budget is %.0f MiB", ours.server.budgetBytes() / MIB);
    plain.alone();
    ours.alone();
    ours.flood();
    double rate = ours.flood();
    double before = PacedRounds.p99Micros(ours.alone());
    long reachable = ProcessMemory.ofJvm(ours.server.pid(), 2);
    report.say("alone: p99 %.0f us, flood %.0f/s, %.0f MiB", before, rate, reachable / MIB);
    if (options.get(SUBSCRIBERS) > 0) {
      subscribe(options.get(SUBSCRIBERS), ours.server, runResources);
    }
    report.say(
        "%d subscribers are gone; %.0f MiB are kept for them",
        options.get(SUBSCRIBERS), ours.server.heldBytes() / MIB);
    double rateAfter = ours.flood();
    plain.startSenders();
    ours.startSenders();
    for (int i = 0; i <= options.get(ALTERNATIONS); i++) {
      plain.turn(i > 0, report);
      ours.turn(i > 0, report);
    }
    plain.killSenders();
    ours.killSenders();
    tell(options, report, plain, ours, reachable, before);
    report.atLeast("neighbours_rate_ratio", rateAfter / rate, RATE_BOUND);
  }

  private static void tell(
      Options options, Report report, Side plain, Side ours, long reachable, double before)
      throws Exception {
    double peak = (ours.peakBytes - reachable) / MIB;
    double most = most(options, ours.server) / MIB;
    Sample ratios = Sample.of(ours.ratios);
    Sample plainRatios = Sample.of(plain.ratios);
    double ratio = ratios.median();
    double plainRatio = plainRatios.median();
    double alone = PacedRounds.p99Micros(ours.alone);
    report
        .figure("peak_mb", peak)
        .figure("neighbours_p99_ratio", ratio)
        .figure("neighbours_p99_ratio_iqr", ratios.interquartileRange())
        .figure("plain_p99_ratio", plainRatio)
        .figure("plain_p99_ratio_iqr", plainRatios.interquartileRange())
        .figure("bound_mb", most)
        .figure("p99_us", PacedRounds.p99Micros(ours.beside))
        .figure("p99_us_alone", alone)
        .figure("p99_us_before", before)
        .figure("plain_p99_us", PacedRounds.p99Micros(plain.beside))
        .figure("plain_p99_us_alone", PacedRounds.p99Micros(plain.alone))
        .figure("held_mb", ours.server.heldBytes() / MIB)
        .figure("alternations", options.get(ALTERNATIONS))
        .bound(ours.server.isAlive(), "the server is gone")
        .bound(plain.hadMore() && ours.hadMore(), "the senders had nothing left to send")
        .speedBound(peak <= most, "peak_mb: %.1f (expected: <= %.1f)", peak, most);
    report.say(
        "p99 of all rounds of all turns, beside senders over without: ours %.2f, plain %.2f",
        ours.p99Ratio(), plain.p99Ratio());
    Sample overPlain = overPlain(ours, plain);
    report
        .figure("neighbours_over_plain", overPlain.median())
        .figure("neighbours_over_plain_iqr", overPlain.interquartileRange())
        .figure("neighbours_over_plain_least", overPlain.medianAtLeast())
        .speedBound(
            ratio <= P99_BOUND || isLikePlain(overPlain),
            "neighbours_p99_ratio: %.2f (expected: <= %.2f, or neighbours_over_plain <= %.2f: %.2f,"
                + " and neighbours_over_plain_least <= %.2f: %.2f)",
            ratio,
            P99_BOUND,
            OVER_PLAIN_MEDIAN_BOUND,
            overPlain.median(),
            OVER_PLAIN_BOUND,
            overPlain.medianAtLeast());
    atMost(report, "p99_us_alone / p99_us_before", alone / before, P99_BOUND);
  }

  private static boolean isLikePlain(Sample overPlain) {
    return overPlain.medianAtLeast() <= OVER_PLAIN_BOUND
        && overPlain.median() <= OVER_PLAIN_MEDIAN_BOUND;
  }

  /** The ratio of each turn over that of plain gRPC's turn before it. */
  private static Sample overPlain(Side ours, Side plain) {
    List<Double> pairs = new ArrayList<>();
    for (int i = 0; i < ours.ratios.size(); i++) {
      pairs.add(ours.ratios.get(i) / plain.ratios.get(i));
    }
    return Sample.of(pairs);
  }

  private static void atMost(Report report, String what, double ratio, double bound) {
    report.speedBound(ratio <= bound, "%s: %.2f (expected: <= %.2f)", what, ratio, bound);
  }

  /** A server with its neighbours: what they see alone and beside senders. */
  private static final class Side {
    final FloodServer server;
    private final String name;
    private final Options options;
    private final RunResources runResources;
    private final PacedRounds rounds;
    private final Flood flood;
    private final List<Double> ratios = new ArrayList<>();
    private final Histogram alone = PacedRounds.newHistogram();
    private final Histogram beside = PacedRounds.newHistogram();
    private long peakBytes;
    private @Nullable ChildJvm hostile;
    private Duration sentFor = Duration.ZERO;

    Side(boolean resumable, Options options, RunResources runResources) throws Exception {
      this.name = resumable ? "resumable" : "plain";
      this.options = options;
      this.runResources = runResources;
      this.server = FloodServer.start(runResources, options.get(HEAP) + "m", resumable);
      List<ClientInterceptor> interceptors =
          resumable ? List.of(ClientStreams.builder().build()) : List.of();
      ManagedChannel channel = channel(runResources, server.port(), interceptors);
      this.rounds = new PacedRounds(channel, options.get(NEIGHBOURS));
      this.flood = new Flood(channel, false, 1, SUBSCRIBED_BYTES);
    }

    /** The rate of the flood, in messages per second. */
    double flood() throws Exception {
      return flood.run(SETTLING, FLOODED).perSecond();
    }

    /** The rounds of as many measurements as there are turns. */
    Histogram alone() throws Exception {
      Histogram all = PacedRounds.newHistogram();
      for (int i = 0; i < options.get(ALTERNATIONS); i++) {
        all.add(measured());
      }
      return all;
    }

    private Histogram measured() throws Exception {
      return rounds.send(Duration.ofSeconds(options.get(SECONDS)));
    }

    /** Of all rounds together, which the few longest stalls of the machine decide. */
    double p99Ratio() {
      return PacedRounds.p99Micros(beside) / PacedRounds.p99Micros(alone);
    }

    /** Whether the senders had something to send all the time. */
    boolean hadMore() {
      return sentFor.compareTo(FloodServer.HANDLING.multipliedBy(FloodSenders.LARGE_MESSAGES)) < 0;
    }

    /** New senders, which stand still. */
    void startSenders() throws Exception {
      hostile =
          FloodSenders.start(
              options.commandOfPeers(), runResources, server.port(), options.get(HOSTILE));
      // A JVM that begins compiles for seconds, on cores that the senders would not share
      // elsewhere.
      TimeUnit.SECONDS.sleep(options.get(START));
      hostile.pause();
      sentFor = sentFor.plusSeconds(options.get(START));
    }

    /** A process that stands still would not end with its input. */
    void killSenders() throws InterruptedException {
      senders().kill();
    }

    private ChildJvm senders() {
      return Objects.requireNonNull(hostile, "senders");
    }

    /** Neighbours alone, then beside senders. */
    void turn(boolean counts, Report report) throws Exception {
      // What they had sent is still handled.
      TimeUnit.SECONDS.sleep(options.get(SETTLE));
      Histogram quiet = measured();
      long beganNanos = System.nanoTime();
      senders().resume();
      TimeUnit.SECONDS.sleep(options.get(SETTLE));
      Histogram attacked = measured();
      peakBytes = Math.max(peakBytes, peak(server));
      senders().pause();
      sentFor = sentFor.plusNanos(System.nanoTime() - beganNanos);
      double quietMicros = PacedRounds.p99Micros(quiet);
      double attackedMicros = PacedRounds.p99Micros(attacked);
      double ratio = attackedMicros / quietMicros;
      if (counts) {
        ratios.add(ratio);
        alone.add(quiet);
        beside.add(attacked);
      }
      report.say(
          "%s: p99 %.0f us alone, %.0f us beside, ratio %.2f%s",
          name, quietMicros, attackedMicros, ratio, counts ? "" : ", to warm up");
    }
  }

  private static long peak(FloodServer server) throws Exception {
    long peak = 0;
    for (int i = 0; i < MEASUREMENTS; i++) {
      peak = Math.max(peak, ProcessMemory.ofJvm(server.pid(), 1));
    }
    return peak;
  }

  /**
   * The bytes that a server may hold: its budget, and one message for each session that is attached
   * or subscribed.
   */
  private static double most(Options options, FloodServer server) {
    return server.budgetBytes()
        + (double) FloodSenders.LARGE_BYTES * options.get(HOSTILE)
        + (double) SUBSCRIBED_BYTES * options.get(SUBSCRIBERS);
  }

  /** Their sessions stay behind with what was sent to them. */
  private static void subscribe(int count, FloodServer server, RunResources runResources)
      throws Exception {
    ChildJvm subscribers =
        FloodSubscribers.start(runResources, server.port(), count, SUBSCRIBED_BYTES);
    long last = -1;
    long held = server.heldBytes();
    for (int i = 0; i < MOST_POLLS && (held == 0 || held != last); i++) {
      TimeUnit.MILLISECONDS.sleep(500);
      last = held;
      held = server.heldBytes();
    }
    subscribers.kill();
  }

  private static ManagedChannel channel(
      RunResources runResources, int port, List<ClientInterceptor> interceptors) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .usePlaintext()
            .intercept(interceptors)
            .build();
    runResources.own(channel::shutdownNow);
    return channel;
  }
}
