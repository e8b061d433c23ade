package dev.holdfast.bench;

import dev.holdfast.streams.grpc.ClientStreams;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The cost of greedy and vanished peers for a server of resumable streams and its others. */
final class StreamsFlood extends Comparison {
  private static final Option HOSTILE =
      new Option("--hostile", 8, 4, 1, 100, "senders of large messages to a slow handler");
  private static final Option SUBSCRIBERS =
      new Option("--subscribers", 1_024, 128, 0, 4_096, "subscribers that are killed");
  private static final Option NEIGHBOURS =
      new Option("--neighbours", 16, 8, 1, 1_000, "streams with a small message each 10 ms");
  private static final Option SECONDS =
      new Option("--seconds", 8, 2, 1, 600, "seconds of each measurement of the neighbours");
  private static final Option ALTERNATIONS =
      new Option("--alternations", 5, 1, 1, 100, "measurements alone and beside senders, in turn");
  private static final Option SETTLE =
      new Option(
          "--settle", 10, 3, 0, 600, "seconds that senders run before those beside them count");
  private static final Option HEAP =
      new Option("--heap-mb", 400, 400, 64, 4_096, "-Xms and -Xmx of the server");

  private static final int SUBSCRIBED_BYTES = 4 << 10;
  private static final int LOOKS = 5;

  /** Measurements that only compile. */
  private static final int WARM_UPS = 3;

  private static final double MIB = 1 << 20;
  private static final double P99_BOUND = 1.5;
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
  List<Option> options() {
    return List.of(HOSTILE, SUBSCRIBERS, NEIGHBOURS, SECONDS, ALTERNATIONS, SETTLE, HEAP);
  }

  @Override
  List<String> method() {
    return List.of(
        "A server process with a small heap, its handler takes a second for each large message.",
        "Neighbours: one small message each 10 ms and its echo; and one flood of 4 KiB from the"
            + " server.",
        "Then subscribers that take nothing are killed when the server holds all it will for them,"
            + " and",
        "hostile senders in a process of their own, which yields the CPU (nice) and whose buffers"
            + " are without a",
        "limit, win credit by small messages and then send 256 of 4 MiB each. p99 of the neighbours"
            + " beside senders",
        "over the same without, in turn, with new senders each time: the median; the same first"
            + " with a server and",
        "clients of plain gRPC. p99, and the rate of the flood, beside what the subscribers left"
            + " over those before; and",
        "reachable memory of the server beside all of them, less that before.");
  }

  @Override
  List<String> unfair() {
    return List.of("to us: server, neighbours and hostile senders share the cores.");
  }

  @Override
  void measure(Options options, Scope scope, Report report) throws Exception {
    Turns plain = plainTurns(options, scope, report);
    FloodServer server = FloodServer.start(scope, options.get(HEAP) + "m", true);
    Neighbours neighbours =
        new Neighbours(
            channel(scope, server.port(), List.of(ClientStreams.builder().build())), options);
    report.say("resumable; the budget is %.0f MiB", server.budgetBytes() / MIB);
    neighbours.warmUp();
    double rate = neighbours.flood();
    double before = neighbours.p99Micros();
    long reachable = ProcessMemory.ofJvm(server.pid(), 2);
    report.say("alone: p99 %.0f us, flood %.0f/s, %.0f MiB", before, rate, reachable / MIB);
    if (options.get(SUBSCRIBERS) > 0) {
      subscribe(options.get(SUBSCRIBERS), server, scope);
    }
    report.say(
        "%d subscribers are gone; %.0f MiB are kept for them",
        options.get(SUBSCRIBERS), server.heldBytes() / MIB);
    double rateAfter = neighbours.flood();
    Turns turns = turns(neighbours, server, options, scope, report);
    double peak = (turns.peakBytes - reachable) / MIB;
    double most = most(options, server) / MIB;
    report
        .figure("peak_mb", peak)
        .figure("neighbours_p99_ratio", turns.ratio)
        .figure("neighbours_rate_ratio", rateAfter / rate)
        .figure("plain_p99_ratio", plain.ratio)
        .figure("bound_mb", most)
        .figure("p99_us", turns.besideMicros)
        .figure("p99_us_alone", turns.aloneMicros)
        .figure("p99_us_before", before)
        .figure("plain_p99_us", plain.besideMicros)
        .figure("plain_p99_us_alone", plain.aloneMicros)
        .figure("held_mb", server.heldBytes() / MIB)
        .figure("alternations", options.get(ALTERNATIONS))
        .bound(server.isAlive(), "the server is gone")
        .speedBound(peak <= most, "peak_mb: %.1f (expected: <= %.1f)", peak, most);
    atMost(report, "neighbours_p99_ratio", turns.ratio, Math.max(P99_BOUND, plain.ratio));
    atMost(report, "p99_us_alone / p99_us_before", turns.aloneMicros / before, P99_BOUND);
    report.speedBound(
        rateAfter / rate >= RATE_BOUND,
        "neighbours_rate_ratio: %.2f (expected: >= %.2f)",
        rateAfter / rate,
        RATE_BOUND);
  }

  private static void atMost(Report report, String what, double ratio, double bound) {
    report.speedBound(ratio <= bound, "%s: %.2f (expected: <= %.2f)", what, ratio, bound);
  }

  /** Plain gRPC with the same neighbours and senders: what machine and gRPC cost. */
  private static Turns plainTurns(Options options, Scope scope, Report report) throws Exception {
    FloodServer server = FloodServer.start(scope, options.get(HEAP) + "m", false);
    ManagedChannel channel = channel(scope, server.port(), List.of());
    Neighbours neighbours = new Neighbours(channel, options);
    report.say("plain gRPC first, to see what the senders cost by themselves");
    neighbours.warmUp();
    Turns turns = turns(neighbours, server, options, scope, report);
    channel.shutdownNow();
    server.kill();
    return turns;
  }

  private static Turns turns(
      Neighbours neighbours, FloodServer server, Options options, Scope scope, Report report)
      throws Exception {
    List<Double> ratios = new ArrayList<>();
    List<Double> alone = new ArrayList<>();
    List<Double> beside = new ArrayList<>();
    long peak = 0;
    for (int i = 0; i < options.get(ALTERNATIONS); i++) {
      alone.add(neighbours.oneP99Micros());
      ChildJvm hostile = FloodSenders.start(scope, server.port(), options.get(HOSTILE));
      // A JVM that begins compiles for seconds, on cores that the senders would not share
      // elsewhere.
      TimeUnit.SECONDS.sleep(options.get(SETTLE));
      beside.add(neighbours.oneP99Micros());
      peak = Math.max(peak, peak(server));
      hostile.kill();
      ratios.add(beside.get(i) / alone.get(i));
      report.say(
          "turn %d: p99 %.0f us alone, %.0f us beside, ratio %.2f",
          i + 1, alone.get(i), beside.get(i), ratios.get(i));
    }
    return new Turns(
        Sample.of(ratios).median(), Sample.of(alone).median(), Sample.of(beside).median(), peak);
  }

  /**
   * Medians of neighbours alone and beside senders, in turn.
   *
   * @param ratio beside over alone, within a turn
   */
  private record Turns(double ratio, double aloneMicros, double besideMicros, long peakBytes) {}

  /** The streams of a channel whose times and rates count. */
  private static final class Neighbours {
    private final PacedRounds rounds;
    private final Flood flood;
    private final Options options;

    Neighbours(ManagedChannel channel, Options options) {
      this.rounds = new PacedRounds(channel, options.get(NEIGHBOURS));
      this.flood = new Flood(channel, false, 1, SUBSCRIBED_BYTES);
      this.options = options;
    }

    void warmUp() throws Exception {
      for (int i = 0; i < WARM_UPS; i++) {
        oneP99Micros();
      }
      flood();
    }

    /** Messages per second. */
    double flood() throws Exception {
      return flood.run(SETTLING, FLOODED).perSecond();
    }

    /** The median of as many measurements as there are alternations. */
    double p99Micros() throws Exception {
      List<Double> all = new ArrayList<>();
      for (int i = 0; i < options.get(ALTERNATIONS); i++) {
        all.add(oneP99Micros());
      }
      return Sample.of(all).median();
    }

    double oneP99Micros() throws Exception {
      return rounds.p99Micros(Duration.ofSeconds(options.get(SECONDS)));
    }
  }

  private static long peak(FloodServer server) throws Exception {
    long peak = 0;
    for (int i = 0; i < LOOKS; i++) {
      peak = Math.max(peak, ProcessMemory.ofJvm(server.pid(), 1));
    }
    return peak;
  }

  /** The bytes that a server may hold: its budget, and one message for each session. */
  private static double most(Options options, FloodServer server) {
    int senders = options.get(HOSTILE) * options.get(ALTERNATIONS);
    return server.budgetBytes()
        + (double) FloodSenders.LARGE_BYTES * senders
        + (double) SUBSCRIBED_BYTES * options.get(SUBSCRIBERS);
  }

  /** Their sessions stay behind with what was sent to them. */
  private static void subscribe(int count, FloodServer server, Scope scope) throws Exception {
    ChildJvm subscribers = FloodSubscribers.start(scope, server.port(), count, SUBSCRIBED_BYTES);
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
      Scope scope, int port, List<ClientInterceptor> interceptors) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .usePlaintext()
            .intercept(interceptors)
            .build();
    scope.own(channel::shutdownNow);
    return channel;
  }
}
