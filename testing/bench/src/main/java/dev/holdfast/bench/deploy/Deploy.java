package dev.holdfast.bench.deploy;

import dev.holdfast.bench.process.EarlierBuild;
import dev.holdfast.bench.process.LocalEtcd;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.ScratchFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/**
 * The benchmark of streams of each kind under a rolling restart of all servers, without a store.
 */
public final class Deploy extends Comparison {
  private static final Option STREAMS =
      new Option("--streams", 2_000, 30, 1, 20_000, "streams of each kind");
  private static final Option RATE =
      new Option("--rate", 1, 5, 1, 100, "messages per second and stream");
  private static final Option SERVERS = new Option("--servers", 3, 2, 1, 16, "server processes");
  private static final Option CHANNELS =
      new Option("--channels", 20, 3, 1, 1_000, "channels that carry the streams");
  private static final Option ROLLS =
      new Option("--rolls", 1, 1, 1, 20, "times that all servers are restarted");
  private static final Option PAUSE =
      new Option("--pause", 5, 1, 0, 600, "seconds between two restarts");
  private static final Option GRACE =
      new Option("--grace", 30, 3, 1, 600, "seconds that open calls have when their server stops");

  private static final int KINDS = StreamKind.values().length;

  @Override
  public String name() {
    return "deploy";
  }

  @Override
  public String summary() {
    return "2,000 streams of each kind under a rolling restart of all servers, without a store:"
        + " nothing lost, nothing twice, no application sees it";
  }

  @Override
  public List<Option> options() {
    return List.of(STREAMS, RATE, SERVERS, CHANNELS, ROLLS, PAUSE, GRACE);
  }

  @Override
  public void validate(Options options) {
    var unused = earlierBuild();
  }

  private static Optional<EarlierBuild> earlierBuild() {
    return EarlierBuild.in(System.getenv(EarlierBuild.VARIABLE));
  }

  @Override
  protected List<String> method() {
    return List.of(
        "Server processes registered in a real etcd, clients with unmodified stubs in one other"
            + " process over Holdfast's",
        "channels: real TCP on loopback. Subscriptions, uploads and bidirectional streams carry"
            + " numbered messages; handlers",
        "mark a cursor after each. Each server is restarted in turn: a new process is started and"
            + " registered, then the old",
        "one drains and ends. Then all streams are finished. Every process writes which messages"
            + " of which stream its",
        "applications sent and took; lost, duplicated and reordered are counted over these"
            + " ledgers, in both directions, answers",
        "of uploads included. seen_by_application are streams that ended before their client"
            + " finished them, or not with OK.",
        "handed_over are handlers that went on where one of another server was. A pause is the"
            + " longest time between two",
        "messages to a client, less the time between two messages. stock_ended: streams of plain"
            + " grpc-java over round_robin",
        "that their application saw end, with the same work and the same restarts, before; it"
            + " opens them again.",
        "With $"
            + EarlierBuild.VARIABLE
            + ", a clone of an earlier commit in which bench/run has built, each second server is"
            + " of that",
        "build: streams then go from one release to the other and back.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "for stock: its servers announce their end, deregister first and give calls the same"
            + " grace, as Holdfast's servers do.",
        "for ours: handlers mark cursors, a line that stock handlers have no use for.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    String etcd = "etcd://" + LocalEtcd.start(runResources).address() + "/bench/";
    Path ledgers = runResources.own(ScratchFolder.create("holdfast-bench-deploy")).path();

    Fleet stock = new Fleet(options, runResources, report, etcd + "stock", false, ledgers);
    stock.open();
    stock.roll();
    DeployClients.Seen stockSeen = stock.clients.seen();
    report.say("grpc-java: %d streams ended: %s", stockSeen.ended(), stockSeen.causes());
    stock.clients.close();
    stock.stop();

    Fleet ours = new Fleet(options, runResources, report, etcd + "ours", true, ledgers);
    ours.open();
    double before = ours.clients.p99PauseMillis();
    ours.roll();
    double pause = ours.clients.p99PauseMillis();
    report.say("p99 of the pauses: %.0f ms before, %.0f ms since", before, pause);
    long unfinished = ours.finish();
    DeployClients.Seen seen = ours.clients.seen();
    report.say("finished: %d streams ended otherwise %s", seen.ended(), seen.causes());
    List<DeliveryLedger.Entry> entries = new ArrayList<>(ours.clients.ledger());
    ours.clients.close();
    ours.stop();
    entries.addAll(ours.ledger);
    conclude(report, options, LedgerAudit.of(entries), seen, unfinished, stockSeen, ours, pause);
    String fault = LedgerAudit.firstFault(entries);
    if (fault != null) {
      report.say("for example: %s", fault);
    }
  }

  /** The servers and the clients of one run. */
  private static final class Fleet {
    private final Options options;
    private final RunResources runResources;
    private final Report report;
    private final RolledServer.Settings settings;
    private final Path ledgers;
    private final Deque<RolledServer> servers = new ArrayDeque<>();
    private final List<DeliveryLedger.Entry> ledger = new ArrayList<>();
    private final DeployClients clients;
    private final Optional<EarlierBuild> earlier;
    private long started;
    private long takenOver;

    Fleet(
        Options options,
        RunResources runResources,
        Report report,
        String target,
        boolean resumable,
        Path ledgers)
        throws Exception {
      this.options = options;
      this.runResources = runResources;
      this.report = report;
      this.ledgers = ledgers;
      this.earlier = earlierBuild();
      this.settings =
          new RolledServer.Settings(
              target, resumable, options.get(RATE), Duration.ofSeconds(options.get(GRACE)));
      for (int i = 0; i < options.get(SERVERS); i++) {
        launch();
      }
      for (RolledServer server : servers) {
        server.awaitReady();
      }
      clients =
          DeployClients.start(
              runResources,
              new DeployClients.Settings(
                  target,
                  resumable,
                  options.get(CHANNELS),
                  options.get(STREAMS),
                  options.get(RATE)),
              ledgers.resolve("clients"));
    }

    private void launch() throws IOException {
      String name = (settings.resumable() ? "server" : "stock") + ++started;
      UnaryOperator<List<String>> build =
          earlier.isPresent() && settings.resumable() && started % 2 == 0
              ? earlier.get()::command
              : UnaryOperator.identity();
      servers.add(RolledServer.launch(runResources, build, name, settings, ledgers.resolve(name)));
    }

    void open() throws Exception {
      clients.open();
      report.say(
          "%s: %d streams of each kind on %d servers",
          settings.resumable() ? "holdfast" : "grpc-java", options.get(STREAMS), servers.size());
      if (settings.resumable() && earlier.isPresent()) {
        report.say("each second server, also of those that follow, is of the earlier build");
      }
    }

    /** Restarts all servers, one after the other. */
    void roll() throws Exception {
      for (int i = 0; i < options.get(SERVERS) * options.get(ROLLS); i++) {
        launch();
        TimeUnit.SECONDS.sleep(options.get(PAUSE));
        servers.getLast().awaitReady();
        stopOldest();
        DeployClients.Seen seen = clients.seen();
        report.say(
            "restarted %d: %d handed over, %d streams ended, waited %d times %s",
            i + 1, takenOver(), seen.ended(), seen.waited(), seen.causes());
      }
      TimeUnit.SECONDS.sleep(options.get(PAUSE));
    }

    private void stopOldest() throws Exception {
      RolledServer oldest = servers.remove();
      takenOver += oldest.takenOver();
      ledger.addAll(oldest.stop());
    }

    long takenOver() throws Exception {
      long all = takenOver;
      for (RolledServer server : servers) {
        all += server.takenOver();
      }
      return all;
    }

    long finish() throws Exception {
      clients.finish();
      for (RolledServer server : servers) {
        server.finish();
      }
      return clients.awaitEnds();
    }

    void stop() throws Exception {
      while (!servers.isEmpty()) {
        stopOldest();
      }
    }
  }

  private static void conclude(
      Report report,
      Options options,
      LedgerAudit audit,
      DeployClients.Seen seen,
      long unfinished,
      DeployClients.Seen stock,
      Fleet ours,
      double pause)
      throws Exception {
    int streams = options.get(STREAMS) * KINDS;
    report
        .none("lost", audit.lost())
        .none("duplicated", audit.duplicated())
        .none("seen_by_application", seen.ended())
        .figure("stock_ended", stock.ended())
        .figure("streams", streams)
        .none("reordered", audit.reordered())
        .none("unfinished", unfinished)
        .figure("messages", audit.sent())
        .figure("handed_over", ours.takenOver())
        .figure("waited", seen.waited())
        .figure("p99_pause_ms", pause)
        .bound(
            ours.takenOver() >= streams,
            "handed_over: %d (expected: >= %d)",
            ours.takenOver(),
            streams)
        .bound(
            stock.ended() > 0,
            "stock_ended: %d (expected: > 0, or nothing was restarted)",
            stock.ended());
  }
}
