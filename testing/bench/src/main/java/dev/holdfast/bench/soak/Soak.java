package dev.holdfast.bench.soak;

import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.soak.SoakServer.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * The soak test of streams of each kind, with clients and servers in Java and Go, under minutes of
 * random real faults while they move: counts what was lost, duplicated or out of order.
 */
public final class Soak extends Comparison {
  private static final Option SECONDS =
      new Option("--seconds", 600, 30, 5, 86_400, "seconds of faults");
  private static final Option STREAMS =
      new Option("--streams", 2_000, 300, 15, 100_000, "streams, of all kinds together");
  private static final Option RATE =
      new Option("--rate", 1_000, 150, 20, 100_000, "messages per second of all streams");
  private static final Option SERVERS =
      new Option("--servers", 2, 2, 2, 16, "servers of each fleet");
  private static final Option AGE =
      new Option(
          "--age", 40, 10, 1, 86_400, "seconds after which a stream, or a Go server's, moves");
  private static final Option SEED =
      new Option("--seed", 0, 0, 0, Integer.MAX_VALUE, "of the faults; 0: a new one");

  private static final ExternalTool GO = new ExternalTool("go", "golang-go");
  private static final int PER_CONNECTION = 20;
  private static final int LEAST_FAULTS = 5;
  private static final long MOST_BETWEEN_MILLIS = 5_000;
  private static final Duration SETTLE = Duration.ofSeconds(100);

  @Override
  public String name() {
    return "soak";
  }

  @Override
  public String summary() {
    return "10 minutes of random real faults around 2,000 streams of each kind, in Java and Go:"
        + " nothing is lost";
  }

  @Override
  public List<Option> options() {
    return List.of(SECONDS, STREAMS, RATE, SERVERS, AGE, SEED);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "Three fleets: Java servers with level durable over one Redis, Java servers without a store"
            + " whose handlers mark",
        "cursors, and Go servers whose handlers do. Before each server is a relay of the lab's:"
            + " real TCP on loopback. A process of",
        "Java clients has streams to all of them, and so has one of Go clients: bidirectional ones,"
            + " subscriptions",
        "and uploads, each a third, with messages of 9 B to 2 KiB. Streams to Java servers move"
            + " when they are --age old. Each",
        "--age one of the Go servers, in turn, drains and is started again, while faults go on.",
        "One fault after the other, at random, with pauses up to 5 s: connections cut, stalled,"
            + " half-open, delayed or refused, of",
        "one server or of all; durable servers killed (-9) and started again; servers and Redis"
            + " stopped and continued (SIGSTOP).",
        "None lasts as long as the TTL. Then all is whole and every stream is finished; what has no"
            + " answer after "
            + SETTLE.toSeconds()
            + " s is lost.",
        "The seed decides the faults, not what they hit.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "for ours: Redis keeps its memory; what one without appendfsync always forgets is not"
            + " tested here.",
        "for ours: a handler's effect is its answer; effects elsewhere need the application's own"
            + " transaction.",
        "for ours: only servers with a store are killed; sessions in memory end with their"
            + " process.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    long seed =
        options.get(SEED) == 0
            ? ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE)
            : options.get(SEED);
    report.say("seed %d", seed);
    boolean go = GO.find().isPresent();
    if (!go) {
      report.say("go is not installed: clients and servers in Java alone");
    }
    SoakTopology topology =
        new SoakTopology(
            runResources,
            new Random(seed),
            options.get(SERVERS),
            go,
            Duration.ofSeconds(options.get(AGE)));
    List<SoakClients> clients = open(options, runResources, topology, go);
    report.say("%d streams stand", options.get(STREAMS));
    topology.beginRestarts();
    Random pauses = new Random(seed + 1);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.get(SECONDS));
    int faults = 0;
    while (System.nanoTime() - end < 0) {
      TimeUnit.MILLISECONDS.sleep(pauses.nextLong(MOST_BETWEEN_MILLIS));
      String fault = topology.fault();
      faults++;
      report.say("%s; %s", fault, counts(clients));
    }
    int restarts = topology.endRestarts();
    for (SoakClients each : clients) {
      each.finish();
    }
    topology.finish();
    SoakCounts counts = settle(clients);
    report.say("settled: %s, %d streams open", counts, counts.open());
    Moves moves =
        new Moves(topology.moved(Kind.DURABLE, Kind.CURSOR), restarts, topology.moved(Kind.GO));
    conclude(report, options, new Outcome(counts, faults, moves, seed, go));
  }

  private static List<SoakClients> open(
      Options options, RunResources runResources, SoakTopology topology, boolean go)
      throws Exception {
    List<SoakClients> clients = new ArrayList<>();
    List<List<Integer>> fleets = new ArrayList<>();
    fleets.add(topology.ports(Kind.DURABLE));
    fleets.add(topology.ports(Kind.CURSOR));
    if (go) {
      fleets.add(topology.ports(Kind.GO));
      clients.add(SoakClients.inGo(runResources, fleets));
    }
    clients.add(SoakClients.inJava(runResources, fleets));
    int groups = fleets.size() * clients.size();
    int kinds = SoakStream.Kind.values().length;
    SoakClients.Size size =
        new SoakClients.Size(
            Math.max(1, options.get(STREAMS) / (groups * kinds)),
            PER_CONNECTION,
            TimeUnit.SECONDS.toMillis(options.get(STREAMS)) / options.get(RATE));
    for (SoakClients each : clients) {
      each.open(size);
    }
    return clients;
  }

  private static SoakCounts counts(List<SoakClients> clients) throws Exception {
    SoakCounts sum = SoakCounts.NONE;
    for (SoakClients each : clients) {
      sum = sum.plus(each.counts());
    }
    return sum;
  }

  private static SoakCounts settle(List<SoakClients> clients) throws Exception {
    long end = System.nanoTime() + SETTLE.toNanos();
    SoakCounts counts = counts(clients);
    while (counts.open() > 0 && System.nanoTime() - end < 0) {
      TimeUnit.MILLISECONDS.sleep(500);
      counts = counts(clients);
    }
    return counts;
  }

  /**
   * The streams that went on at another server.
   *
   * @param inJava those to Java servers
   * @param restarts the restarts of servers in Go
   * @param inGo the streams that these servers handed over
   */
  private record Moves(long inJava, int restarts, long inGo) {}

  private record Outcome(SoakCounts counts, int faults, Moves moves, long seed, boolean go) {}

  private static void conclude(Report report, Options options, Outcome outcome) {
    SoakCounts counts = outcome.counts();
    Moves moves = outcome.moves();
    report
        .figure("messages", counts.taken())
        .figure("faults", outcome.faults())
        .none("lost", counts.missing())
        .none("duplicated", counts.duplicated())
        .none("reordered", counts.reordered())
        .none("sessions_lost", counts.ended())
        .none("unfinished", counts.open())
        .figure("moved", moves.inJava())
        .figure("restarts", moves.restarts())
        .figure("handed_over", moves.inGo())
        .figure("languages", outcome.go() ? 2 : 1)
        .figure("streams", options.get(STREAMS))
        .figure("seconds", options.get(SECONDS))
        .figure("seed", outcome.seed())
        .bound(options.quick() || moves.inJava() > 0, "moved: %d (expected: > 0)", moves.inJava())
        .bound(
            options.quick() || !outcome.go() || moves.inGo() > 0,
            "handed_over: %d (expected: > 0)",
            moves.inGo())
        .bound(
            options.quick() || outcome.faults() >= LEAST_FAULTS,
            "faults: %d (expected: >= %d)",
            outcome.faults(),
            LEAST_FAULTS);
  }
}
