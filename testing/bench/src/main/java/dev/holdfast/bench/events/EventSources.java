package dev.holdfast.bench.events;

import dev.holdfast.bench.events.EventSourceClients.Snapshot;
import dev.holdfast.bench.events.EventTally.EventCounts;
import dev.holdfast.bench.gateway.GatewayPrograms;
import dev.holdfast.bench.gateway.GatewayProxy;
import dev.holdfast.bench.process.ProcessMemory;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.ScratchFolder;
import dev.holdfast.core.local.FreePort;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** The benchmark of many EventSources whose gateway is replaced by a newer one, or killed. */
public final class EventSources extends Comparison {
  private static final Option READERS =
      new Option("--readers", 100_000, 1_000, 10, 100_000, "EventSources when it is killed");
  private static final Option HANDOVER_READERS =
      new Option(
          "--handover-readers", 18_000, 1_000, 10, 100_000, "EventSources when it is replaced");
  private static final Option CLIENTS =
      new Option("--clients", 2, 1, 1, 16, "processes that the EventSources are in");
  private static final Option INTERVAL_MILLIS =
      new Option("--interval-millis", 10_000, 1_000, 100, 60_000, "between messages of a stream");
  private static final Option HEAP_MB =
      new Option("--heap-mb", 4_096, 512, 64, 65_536, "-Xmx of the gateway");
  private static final Option PATIENCE_SECONDS =
      new Option("--patience", 180, 60, 1, 600, "seconds after which who has no stream is lost");

  private static final String UNKNOWN = "409_RESUME_UNKNOWN";
  private static final int MOST_SESSIONS = 100_000;
  private static final int BUFFER_BYTES = 16_384;
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration POLL_INTERVAL = Duration.ofMillis(250);
  private static final int OK = 200;

  @Override
  public String name() {
    return "event-sources";
  }

  @Override
  public String summary() {
    return "the gateway of 100,000 EventSources is replaced, or killed: all have streams again";
  }

  @Override
  public List<Option> options() {
    return List.of(READERS, HANDOVER_READERS, CLIENTS, INTERVAL_MILLIS, HEAP_MB, PATIENCE_SECONDS);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "./holdfast gateway with resume on its route, before a plain grpc-java server in another"
            + " process, whose",
        "streams send numbers. EventSources in other processes do what a browser does: 100 on an"
            + " HTTP/2 connection,",
        "asked for again with Last-Event-ID after the reconnection time that the gateway sent,"
            + " ended by any response",
        "but 200; then the page begins a new one after 1 to 2 s, as the script of"
            + " docs/gateway/resume.md does.",
        "First a newer gateway takes over (--handover) and the older one drains within 2 s; all"
            + " streams must go on.",
        "Then another gateway is killed (-9) and started again at the same port; all must get 409"
            + " and a new stream.",
        "Messages are numbered: lost and duplicated ones are counted at the readers. A reader is"
            + " unanswered that has",
        "no message on a response begun after the fault. resumed_s: from the first stream that"
            + " was cut until the last",
        "reader had one again, of which 1 to 5 s are its reconnection time.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "to us: readers, service and gateways share the cores.",
        "to us: the killed gateway begins anew with a cold JIT.",
        "for us: loopback; no TLS handshakes; readers of one process are cut at the same moment.",
        "after a hand-over each reader takes a descriptor in both gateways: where a process has"
            + " 20,000, no more than --handover-readers 18000 fit.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    Path folder = runResources.own(ScratchFolder.create("holdfast-bench-events")).path();
    int service = PageServer.start(runResources);
    Rig rig = new Rig(options, runResources, report, folder, service);
    Outcome replaced = rig.replace();
    Outcome killed = rig.kill();
    conclude(options, report, replaced, killed);
  }

  private static void conclude(Options options, Report report, Outcome replaced, Outcome killed) {
    EventCounts all = replaced.counts.plus(killed.counts);
    long toldOther = all.told("") - all.told(UNKNOWN);
    report
        .figure("readers", options.get(READERS))
        .figure("handover_readers", options.get(HANDOVER_READERS))
        .none("lost", all.get(EventTally.LOST))
        .none("duplicated", all.get(EventTally.DUPLICATED))
        .none("unanswered", replaced.unanswered + killed.unanswered)
        .none("told_unknown", replaced.counts.told(UNKNOWN))
        .none("told_other", toldOther)
        .none("not_kept", all.get(EventTally.NOT_KEPT))
        .figure("handover_resumed", replaced.counts.get(EventTally.RESUMED))
        .figure("handover_resumed_s", replaced.counts.backSeconds())
        .figure("kill_told_unknown", killed.counts.told(UNKNOWN))
        .figure("kill_reopened", killed.counts.get(EventTally.REOPENED))
        .figure("kill_resumed_s", killed.counts.backSeconds())
        .figure("kill_start_s", killed.startSeconds)
        .figure("unreachable", killed.counts.get(EventTally.UNREACHABLE))
        .figure("gateway_mb", Math.max(replaced.megabytes, killed.megabytes))
        .bound(
            replaced.counts.get(EventTally.RESUMED) >= options.get(HANDOVER_READERS),
            "handover_resumed: %d (expected: >= %d)",
            replaced.counts.get(EventTally.RESUMED),
            options.get(HANDOVER_READERS))
        .bound(
            killed.counts.get(EventTally.REOPENED) >= options.get(READERS),
            "kill_reopened: %d (expected: >= %d)",
            killed.counts.get(EventTally.REOPENED),
            options.get(READERS));
  }

  /**
   * The figures of one fault.
   *
   * @param unanswered readers that have no stream in the end
   * @param startSeconds from the kill until the new gateway answered; 0 without a kill
   * @param megabytes resident, of the gateway with all streams
   */
  private record Outcome(
      EventCounts counts, long unanswered, double startSeconds, long megabytes) {}

  /** The gateways of a run, and their readers. */
  private record Rig(
      Options options, RunResources runResources, Report report, Path folder, int service) {
    Outcome replace() throws Exception {
      int readers = options.get(HANDOVER_READERS);
      int port = FreePort.find();
      Path file = configure("replaced", port);
      Path socket = folder.resolve("replaced.sock");
      GatewayProxy older = gateway(file, port, socket, "older");
      EventSourceClients clients = open(older, readers);
      GatewayProxy newer = gateway(file, port, socket, "newer");
      Snapshot end = await(clients, seen -> seen.counts().get(EventTally.CUT) >= readers, readers);
      long megabytes = ProcessMemory.resident(newer.pid()) >> 20;
      report.say("replaced: %d hear messages; %s", end.hearing(), end.counts().counts());
      report.say("replaced: all back after %.1f s", end.counts().backSeconds());
      clients.close();
      older.close();
      newer.close();
      tell(older, newer);
      return new Outcome(end.counts(), readers - end.hearing(), 0, megabytes);
    }

    Outcome kill() throws Exception {
      int readers = options.get(READERS);
      int port = FreePort.find();
      Path file = configure("killed", port);
      Path socket = folder.resolve("killed.sock");
      GatewayProxy killed = gateway(file, port, socket, "killed");
      EventSourceClients clients = open(killed, readers);
      long megabytes = ProcessMemory.resident(killed.pid()) >> 20;
      long begin = System.nanoTime();
      killed.kill();
      GatewayProxy anew = gateway(file, port, socket, "anew");
      double startSeconds = (System.nanoTime() - begin) / 1e9;
      Snapshot end =
          await(clients, seen -> seen.counts().get(EventTally.REOPENED) >= readers, readers);
      report.say("killed: %d hear messages; %s", end.hearing(), end.counts().counts());
      report.say("killed: all back after %.1f s", end.counts().backSeconds());
      clients.close();
      anew.close();
      tell(killed, anew);
      return new Outcome(end.counts(), readers - end.hearing(), startSeconds, megabytes);
    }

    private Path configure(String name, int port) throws IOException {
      int readers = Math.max(options.get(READERS), options.get(HANDOVER_READERS));
      int sessions = Math.min(MOST_SESSIONS, readers + readers / 10);
      return Files.write(
          folder.resolve(name + ".yaml"),
          List.of(
              "listeners: [{address: '127.0.0.1:" + port + "'}]",
              "clusters: {pages: {endpoints: ['127.0.0.1:" + service + "']}}",
              "routes:",
              "  - cluster: pages",
              "    resume: {sessions: "
                  + sessions
                  + ", buffer-bytes: "
                  + BUFFER_BYTES
                  + ", total-bytes: 1073741824}",
              "drain: {unary: 1s, streams: 1s}",
              "admin: none"));
    }

    private GatewayProxy gateway(Path file, int port, Path socket, String name)
        throws IOException, InterruptedException {
      GatewayProxy gateway =
          runResources.own(
              new GatewayPrograms(folder)
                  .holdfastWith(file, port, socket, name, "-Xmx" + options.get(HEAP_MB) + "m"));
      long end = System.nanoTime() + PATIENCE.toNanos();
      while (!isServing(port)) {
        if (!gateway.isAlive() || System.nanoTime() - end > 0) {
          throw new IllegalStateException(name + " does not serve: " + gateway.lastWords());
        }
        TimeUnit.NANOSECONDS.sleep(POLL_INTERVAL.toNanos());
      }
      return gateway;
    }

    private EventSourceClients open(GatewayProxy gateway, int readers)
        throws IOException, InterruptedException {
      EventSourceClients clients =
          EventSourceClients.start(
              options.commandOfPeers(),
              runResources,
              gateway.port(),
              new EventSourceClients.Size(
                  readers, options.get(CLIENTS), options.get(INTERVAL_MILLIS)));
      clients.open();
      Snapshot begun = clients.snapshot();
      report.say(
          "%s: %d readers hear messages; the gateway has %d MB; %s",
          gateway.name(),
          begun.hearing(),
          ProcessMemory.resident(gateway.pid()) >> 20,
          begun.counts().counts());
      return clients;
    }

    /** Waits until a condition holds and all readers hear messages, or the patience ends. */
    private Snapshot await(EventSourceClients clients, Predicate<Snapshot> over, int readers)
        throws IOException, InterruptedException {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.get(PATIENCE_SECONDS));
      Snapshot seen = clients.snapshot();
      while ((!over.test(seen) || seen.hearing() < readers) && System.nanoTime() - end < 0) {
        TimeUnit.NANOSECONDS.sleep(POLL_INTERVAL.toNanos());
        seen = clients.snapshot();
      }
      return seen;
    }

    private void tell(GatewayProxy... gateways) throws IOException {
      for (GatewayProxy each : gateways) {
        report.say("%s said:%n%s", each.name(), each.lastWords());
      }
    }

    private static boolean isServing(int port) {
      try {
        HttpURLConnection request =
            (HttpURLConnection)
                URI.create("http://127.0.0.1:" + port + "/v1/pages/first:watch?intervalMillis=1000")
                    .toURL()
                    .openConnection();
        request.setRequestProperty("accept", "text/event-stream");
        request.setConnectTimeout((int) PATIENCE.toMillis());
        request.setReadTimeout((int) PATIENCE.toMillis());
        int status = request.getResponseCode();
        request.disconnect();
        return status == OK;
      } catch (IOException e) {
        return false;
      }
    }
  }
}
