package dev.holdfast.bench;

import dev.holdfast.streams.grpc.ClientStreams;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
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
      new Option("--seconds", 15, 2, 1, 600, "seconds of each measurement of the neighbours");
  private static final Option HEAP =
      new Option("--heap-mb", 400, 400, 64, 4_096, "-Xms and -Xmx of the server");

  private static final int SUBSCRIBED_BYTES = 4 << 10;
  private static final int LOOKS = 5;
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
    return List.of(HOSTILE, SUBSCRIBERS, NEIGHBOURS, SECONDS, HEAP);
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
            + " and the rate",
        "of their flood beside those, over the same before; the same p99 first with a server and"
            + " clients of plain",
        "gRPC; and reachable memory of the server beside those, less that before.");
  }

  @Override
  List<String> unfair() {
    return List.of("to us: server, neighbours and hostile senders share the cores.");
  }

  @Override
  void measure(Options options, Scope scope, Report report) throws Exception {
    double plain = plainRatio(options, scope, report);
    FloodServer server = FloodServer.start(scope, options.get(HEAP) + "m", true);
    Duration time = Duration.ofSeconds(options.get(SECONDS));
    ManagedChannel channel =
        channel(scope, server.port(), List.of(ClientStreams.builder().build()));
    PacedRounds neighbours = new PacedRounds(channel, options.get(NEIGHBOURS));
    Flood flood = new Flood(channel, false, 1, SUBSCRIBED_BYTES);
    report.say("warming up; the budget is %.0f MiB", server.budgetBytes() / MIB);
    neighbours.p99Micros(time);
    flood.run(SETTLING, FLOODED);
    double rate = flood.run(SETTLING, FLOODED).perSecond();
    double alone = neighbours.p99Micros(time);
    long before = ProcessMemory.ofJvm(server.pid(), 2);
    report.say("alone: p99 %.0f us, flood %.0f/s, %.0f MiB", alone, rate, before / MIB);

    if (options.get(SUBSCRIBERS) > 0) {
      subscribe(options.get(SUBSCRIBERS), server, scope);
    }
    report.say(
        "%d subscribers are gone; %.0f MiB are kept for them",
        options.get(SUBSCRIBERS), server.heldBytes() / MIB);
    double besideDetached = flood.run(SETTLING, FLOODED).perSecond();
    ChildJvm hostile = FloodSenders.start(scope, server.port(), options.get(HOSTILE));
    TimeUnit.NANOSECONDS.sleep(SETTLING.toNanos());
    double beside = neighbours.p99Micros(time);
    long peak = peak(server) - before;
    double most = most(options, server) / MIB;
    report.say("beside: p99 %.0f us, flood %.0f/s", beside, besideDetached);
    report
        .figure("peak_mb", peak / MIB)
        .figure("neighbours_p99_ratio", beside / alone)
        .figure("neighbours_rate_ratio", besideDetached / rate)
        .figure("plain_p99_ratio", plain)
        .figure("bound_mb", most)
        .figure("p99_us", beside)
        .figure("p99_us_alone", alone)
        .figure("held_mb", server.heldBytes() / MIB)
        .speedBound(peak / MIB <= most, "peak_mb: %.1f (expected: <= %.1f)", peak / MIB, most)
        .bound(server.isAlive(), "the server is gone")
        .speedBound(
            beside / alone <= Math.max(P99_BOUND, plain),
            "neighbours_p99_ratio: %.2f (expected: <= %.2f, or %.2f as with plain gRPC)",
            beside / alone,
            P99_BOUND,
            plain)
        .speedBound(
            besideDetached / rate >= RATE_BOUND,
            "neighbours_rate_ratio: %.2f (expected: >= %.2f)",
            besideDetached / rate,
            RATE_BOUND);
    hostile.kill();
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
    return server.budgetBytes()
        + (double) FloodSenders.LARGE_BYTES * options.get(HOSTILE)
        + (double) SUBSCRIBED_BYTES * options.get(SUBSCRIBERS);
  }

  /** The ratio of the same neighbours and senders by plain gRPC: the cost of machine and gRPC. */
  private static double plainRatio(Options options, Scope scope, Report report) throws Exception {
    FloodServer server = FloodServer.start(scope, options.get(HEAP) + "m", false);
    Duration time = Duration.ofSeconds(options.get(SECONDS));
    ManagedChannel channel = channel(scope, server.port(), List.of());
    PacedRounds neighbours = new PacedRounds(channel, options.get(NEIGHBOURS));
    Flood flood = new Flood(channel, false, 1, SUBSCRIBED_BYTES);
    report.say("plain gRPC first, to see what the senders cost by themselves");
    neighbours.p99Micros(time);
    flood.run(SETTLING, FLOODED);
    double alone = neighbours.p99Micros(time);
    ChildJvm hostile = FloodSenders.start(scope, server.port(), options.get(HOSTILE));
    TimeUnit.NANOSECONDS.sleep(SETTLING.toNanos());
    double beside = neighbours.p99Micros(time);
    report.say("plain: p99 %.0f us alone, %.0f us beside", alone, beside);
    hostile.kill();
    channel.shutdownNow();
    server.kill();
    return beside / alone;
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
