package dev.holdfast.bench.sessions;

import dev.holdfast.bench.process.LocalEtcd;
import dev.holdfast.bench.process.LocalRedis;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.sessions.RebalanceServer.StreamKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * The benchmark of streams that move when the fleet changes, durable ones and those with cursors: a
 * server joins, one drains, one is overloaded.
 */
public final class Rebalance extends Comparison {
  private static final Option STREAMS =
      new Option("--streams", 2_000, 100, 20, 100_000, "streams that are open all the time");
  private static final Option RATE =
      new Option("--rate", 5, 5, 1, 100, "messages per second and stream, each way");
  private static final Option SERVERS = new Option("--servers", 4, 2, 2, 16, "server processes");
  private static final Option CHANNELS =
      new Option("--channels", 20, 4, 1, 1_000, "channels that carry the streams");
  private static final Option WARM_UP =
      new Option(
          "--warm-up", 240, 20, 20, 3_600, "seconds of warm-up at most, while code compiles");
  private static final Option SECONDS =
      new Option("--seconds", 30, 10, 10, 600, "seconds after each change until it counts");

  /** Streams that have just come stay where they are for a while. */
  private static final int STANDING_SECONDS = 20;

  /** While compilers take more than this share of a core, code is not yet as fast as it gets. */
  private static final double WARM_COMPILER_SHARE = 0.1;

  private static final int WARM_STEP_SECONDS = 10;
  private static final int BETWEEN_SECONDS = 15;
  private static final double IMBALANCE_BOUND = 5;
  private static final double PAUSE_BOUND = 250;
  private static final double PERCENT = 100;
  private static final long SETTLE_SECONDS = 30;
  private static final long POLL_MILLIS = 500;

  /** An overloaded server says that it can carry so much of what it has. */
  private static final double CAPACITY_SHARE = 0.7;

  @Override
  public String name() {
    return "rebalance";
  }

  @Override
  public String summary() {
    return "2,000 streams on four servers; a fifth joins, one drains, one is overloaded:"
        + " imbalance <= 5 % within 30 s, pauses <= 250 ms, nothing lost";
  }

  @Override
  public List<Option> options() {
    return List.of(STREAMS, RATE, SERVERS, CHANNELS, WARM_UP, SECONDS);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "Server processes registered in a real etcd, with rebalance() and a fixed pool for"
            + " handlers; each counts one processor,",
        "as in a container with one, and its pool has one thread. Clients in one other process,"
            + " over Holdfast's channels: real TCP on loopback. First streams that are durable,"
            + " over one Redis; then, with new processes,",
        "streams without a store, whose handlers mark a cursor behind each answer and fail a stream"
            + " that does not go on there;",
        "each kind has its figures, and the worse counts. Streams send numbered",
        "messages, which servers say back. Warmed up until the compilers take less than a tenth of"
            + " a core, for four minutes at most,",
        "and by a server that comes and goes. One more"
            + " server joins; then the first one drains and leaves; then another one says",
        "that it is overloaded until it has "
            + (int) (CAPACITY_SHARE * PERCENT)
            + " % of its streams. The imbalance is the largest deviation of a server from the",
        "mean, in percent of the mean, seconds after the change (without the overloaded one, which"
            + " has to have less than the",
        "mean); the worst of the three counts. settle_s is the time until it is kept, the worst of"
            + " the three. A pause is the longest",
        "time between two answers of a stream after a change, less the time between two messages."
            + " Of the server that joins the",
        "start of its process does not count, and its cold code does; still is the same without a"
            + " change. moved are calls",
        "that servers accepted for streams that were there. stock_imbalance_pct: plain grpc-java"
            + " streams over round_robin,",
        "reopened by their application after an error, in the same fleet after one server has"
            + " joined.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "for ours: Redis keeps its memory, all streams of a channel know all servers, and a handler"
            + " is never behind its cursor.",
        "to neither: stock streams that end are balanced as well; they have a new beginning.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    LocalEtcd etcd = LocalEtcd.start(runResources);
    String registry = "etcd://" + etcd.address() + "/bench/";
    double stock = stock(options, runResources, report, registry + "raw");
    String redis = LocalRedis.start(runResources).uri();
    List<Measured> measured = new ArrayList<>();
    for (StreamKind kind : List.of(StreamKind.DURABLE, StreamKind.CURSOR)) {
      String target = registry + tag(kind);
      measured.add(moves(new Fleet(options, runResources, report, target, kind, redis)));
    }
    conclude(report, options, measured, stock);
  }

  private static String tag(StreamKind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  /** Measures the streams of one kind. */
  private static Measured moves(Fleet fleet) throws Exception {
    fleet.open();
    TimeUnit.SECONDS.sleep(STANDING_SECONDS);
    fleet.say("stand for %d s: %s", STANDING_SECONDS, fleet.describe());
    fleet.awaitCompiled();
    fleet.warmUp();
    RebalanceClients.Pauses still = fleet.withoutChange();
    long before = fleet.accepted();

    Outcome joined = fleet.after("joined", fleet::join);
    long acceptedByLeaving = fleet.servers.get(0).accepted();
    Outcome drained = fleet.after("drained", fleet::drain);
    Outcome overloaded = fleet.after("overloaded", fleet::overload);
    long moved = fleet.accepted() + acceptedByLeaving - before;

    DeliveryCounts count = fleet.settle();
    fleet.close();
    return new Measured(
        fleet.kind, count, moved, still.p99Millis(), List.of(joined, drained, overloaded));
  }

  /**
   * The results of one kind of streams.
   *
   * @param moved calls that servers accepted for streams that were there
   * @param stillPauseMillis the pause of 99 of 100 streams in as long a time without a change
   */
  private record Measured(
      StreamKind kind,
      DeliveryCounts count,
      long moved,
      double stillPauseMillis,
      List<Outcome> outcomes) {
    double worst(ToDoubleFunction<Outcome> figure) {
      return outcomes.stream().mapToDouble(figure).max().orElse(0);
    }

    long lost() {
      return count.sent() - count.answered();
    }
  }

  /**
   * What a change has led to.
   *
   * @param settledSeconds infinite when it did not settle
   */
  private record Outcome(double imbalance, double settledSeconds, double pauseMillis) {}

  /** A change of the fleet. */
  private interface Change {
    void make() throws Exception;
  }

  /** The servers and the clients of one run. */
  private static final class Fleet {
    private final Options options;
    private final RunResources runResources;
    private final Report report;
    private final String target;
    private final StreamKind kind;
    private final String redis;
    private final List<RebalanceServer> servers = new ArrayList<>();
    private final RebalanceClients clients;
    private int overloaded = -1;
    private long capacity = Long.MAX_VALUE;

    Fleet(
        Options options,
        RunResources runResources,
        Report report,
        String target,
        StreamKind kind,
        String redis)
        throws Exception {
      this.options = options;
      this.runResources = runResources;
      this.report = report;
      this.target = target;
      this.kind = kind;
      this.redis = redis;
      for (int i = 0; i < options.get(SERVERS); i++) {
        join();
      }
      clients =
          RebalanceClients.start(
              runResources,
              target,
              kind != StreamKind.STOCK,
              options.get(CHANNELS),
              options.get(STREAMS));
    }

    void say(String format, Object... arguments) {
      report.say(tag(kind) + ", " + format, arguments);
    }

    void open() throws Exception {
      clients.open();
      clients.flow(options.get(STREAMS) * options.get(RATE));
    }

    void join() throws Exception {
      servers.add(
          RebalanceServer.start(runResources, tag(kind) + servers.size(), target, kind, redis));
    }

    void drain() throws Exception {
      servers.remove(0).beginStop();
    }

    void overload() throws Exception {
      overloaded = 0;
      capacity = (long) (servers.get(0).streams() * CAPACITY_SHARE);
      servers.get(0).limit(capacity);
    }

    /** Waits until the compilers of all processes have little to do, or the warm-up is over. */
    void awaitCompiled() throws Exception {
      int seconds = STANDING_SECONDS;
      double share = Double.POSITIVE_INFINITY;
      while (share > WARM_COMPILER_SHARE && seconds < options.get(WARM_UP)) {
        long before = compiledMillis();
        TimeUnit.SECONDS.sleep(WARM_STEP_SECONDS);
        seconds += WARM_STEP_SECONDS;
        share = (compiledMillis() - before) / 1e3 / WARM_STEP_SECONDS;
        say("warm for %d s: compilers take %.2f of a core", seconds, share);
      }
    }

    private long compiledMillis() throws Exception {
      long sum = clients.compiledMillis();
      for (RebalanceServer server : servers) {
        sum += server.compiledMillis();
      }
      return sum;
    }

    /** Lets one more server come and go, so that each one has given streams away and taken some. */
    void warmUp() throws Exception {
      if (!options.quick()) {
        join();
        TimeUnit.SECONDS.sleep(options.get(SECONDS));
        say("warmed up by one that came: %s", describe());
        servers.remove(servers.size() - 1).beginStop();
        TimeUnit.SECONDS.sleep(options.get(SECONDS));
        say("warmed up by one that left: %s", describe());
      }
    }

    /** The pauses that the machine makes of itself. */
    RebalanceClients.Pauses withoutChange() throws Exception {
      var unused = clients.pauses();
      TimeUnit.SECONDS.sleep(options.get(SECONDS));
      RebalanceClients.Pauses pauses = clients.pauses();
      say("pauses without a change: %s", pauses);
      return pauses;
    }

    Outcome after(String what, Change change) throws Exception {
      change.make();
      // Elsewhere the process that joins starts on a machine of its own.
      var unused = clients.pauses();
      long startNanos = System.nanoTime();
      double settled = Double.POSITIVE_INFINITY;
      double seconds = 0;
      double imbalance = Double.POSITIVE_INFINITY;
      while (seconds < options.get(SECONDS)) {
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        seconds = (System.nanoTime() - startNanos) / 1e9;
        imbalance = imbalance();
        boolean kept = imbalance <= IMBALANCE_BOUND;
        settled = kept ? Math.min(settled, seconds) : Double.POSITIVE_INFINITY;
      }
      RebalanceClients.Pauses pauses = clients.pauses();
      say(
          "%s: imbalance %.1f %%, settled after %.1f s, pauses %s: %s",
          what, imbalance, settled, pauses, describe());
      TimeUnit.SECONDS.sleep(Math.min(BETWEEN_SECONDS, options.get(SECONDS) / 2));
      return new Outcome(imbalance, settled, pauses.p99Millis());
    }

    double imbalance() throws Exception {
      List<Long> counts = new ArrayList<>();
      for (int i = 0; i < servers.size(); i++) {
        long streams = servers.get(i).streams();
        if (i != overloaded) {
          counts.add(streams);
        } else if (streams > capacity) {
          return Double.POSITIVE_INFINITY;
        }
      }
      double mean = counts.stream().mapToLong(one -> one).average().orElse(0);
      return counts.stream()
          .mapToDouble(one -> Math.abs(one - mean) / mean * PERCENT)
          .max()
          .orElse(0);
    }

    String describe() throws Exception {
      List<Long> counts = new ArrayList<>();
      for (RebalanceServer server : servers) {
        counts.add(server.streams());
      }
      return counts.stream().map(String::valueOf).collect(Collectors.joining(" "));
    }

    long accepted() throws Exception {
      long sum = 0;
      for (RebalanceServer server : servers) {
        sum += server.accepted();
      }
      return sum;
    }

    void close() throws Exception {
      clients.close();
      for (RebalanceServer server : servers) {
        server.close();
      }
    }

    DeliveryCounts settle() throws Exception {
      clients.flow(0);
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SETTLE_SECONDS);
      DeliveryCounts count = clients.count();
      while (count.answered() < count.sent() && System.nanoTime() - end < 0) {
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        count = clients.count();
      }
      return count;
    }
  }

  private static double stock(
      Options options, RunResources runResources, Report report, String target) throws Exception {
    Fleet fleet = new Fleet(options, runResources, report, target, StreamKind.STOCK, "");
    fleet.open();
    fleet.join();
    TimeUnit.SECONDS.sleep(options.get(SECONDS));
    double imbalance = fleet.imbalance();
    fleet.say("one joined: imbalance %.1f %%: %s", imbalance, fleet.describe());
    fleet.close();
    return imbalance;
  }

  private static void conclude(
      Report report, Options options, List<Measured> measured, double stock) {
    report
        .figure("imbalance_pct", worst(measured, Outcome::imbalance))
        .figure("settle_s", worst(measured, Outcome::settledSeconds))
        .none("lost", sum(measured, Measured::lost))
        .none("duplicated", sum(measured, one -> one.count.duplicated()))
        .none("reordered", sum(measured, one -> one.count.reordered()))
        .figure("moved", sum(measured, Measured::moved))
        .figure("p99_pause_ms", worst(measured, Outcome::pauseMillis))
        .figure("stock_imbalance_pct", stock)
        .none("ended", sum(measured, one -> one.count.ended()))
        .figure("streams", options.get(STREAMS))
        .figure("messages", sum(measured, one -> one.count.sent()));
    measured.forEach(one -> conclude(report, one));
  }

  private static double worst(List<Measured> measured, ToDoubleFunction<Outcome> figure) {
    return measured.stream().mapToDouble(one -> one.worst(figure)).max().orElse(0);
  }

  private static long sum(List<Measured> measured, ToLongFunction<Measured> count) {
    return measured.stream().mapToLong(count).sum();
  }

  private static void conclude(Report report, Measured one) {
    String kind = tag(one.kind);
    double imbalance = one.worst(Outcome::imbalance);
    double settled = one.worst(Outcome::settledSeconds);
    double pause = one.worst(Outcome::pauseMillis);
    report
        .atMost(kind + "_imbalance_pct", imbalance, IMBALANCE_BOUND)
        .figure(kind + "_moved", one.moved)
        .atMost(kind + "_p99_pause_ms", pause, PAUSE_BOUND)
        .figure(kind + "_still_p99_pause_ms", one.stillPauseMillis)
        .bound(one.moved > 0, "%s moved: %d (expected: > 0)", kind, one.moved)
        .speedBound(
            settled <= SETTLE_SECONDS,
            "%s settle_s: %.1f (expected: <= %d)",
            kind,
            settled,
            SETTLE_SECONDS);
  }
}
