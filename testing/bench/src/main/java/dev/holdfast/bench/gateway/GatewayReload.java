package dev.holdfast.bench.gateway;

import dev.holdfast.bench.load.EchoServers;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.Sample;
import dev.holdfast.bench.run.ScratchFolder;
import dev.holdfast.bench.streams.StreamServers;
import dev.holdfast.core.local.FreePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The benchmark of configuration reloads: a new file of the gateway must cost no call and no
 * stream.
 */
public final class GatewayReload extends Comparison {
  private static final Option RELOADS =
      new Option("--reloads", 100, 8, 1, 10_000, "changes of the file, each of which must count");
  private static final Option WARM_UP =
      new Option(
          "--warm-up", 20, 2, 0, 1_000, "changes before, which must count, too, however late");
  private static final Option PAUSE_MILLIS =
      new Option("--pause-millis", 250, 50, 0, 60_000, "between one that counts and the next");
  private static final Option RATE =
      new Option("--rate", 2_000, 200, 1, 20_000, "calls per second, none of them idempotent");
  private static final Option STREAMS =
      new Option("--streams", 500, 50, 1, 10_000, "open streams with a message per second");
  private static final Option CONNECTIONS =
      new Option("--connections", 8, 2, 1, 100, "connections that carry each of both");

  private static final int INSTANCES = 4;
  private static final int BROKEN_EVERY = 10;
  private static final long BROKEN_STANDS_MILLIS = 200;
  private static final Duration DEADLINE = Duration.ofSeconds(30);
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final double LIVE_BOUND_MS = 100;
  private static final double LONGEST_BOUND_MS = 500;

  @Override
  public String name() {
    return "reload";
  }

  @Override
  public String summary() {
    return "100 reloads of gateway.yaml under 2,000 calls/s and 500 streams: none fails, none is"
        + " cut";
  }

  @Override
  public List<Option> options() {
    return List.of(RELOADS, WARM_UP, PAUSE_MILLIS, RATE, STREAMS, CONNECTIONS);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "Plain grpc-java channels make unary calls that nobody may repeat, at a fixed rate, through"
            + " ./holdfast",
        "gateway --config, and keep streams open with an echo per second. Again and again the file"
            + " is replaced:",
        "calls get another route and another cluster, with another instance in it, and the cluster"
            + " of the",
        "streams another balance. A reload counts when the new instance has answered a call;"
            + " live_p99_ms is the",
        "time from the rename to that answer. Every tenth time a broken file stands there first."
            + " failed are",
        "calls, streams_cut streams that ended, lost messages of streams without an answer.");
  }

  @Override
  protected List<String> unfair() {
    return List.of("to nobody: nothing is compared. Clients have no retries and no Holdfast.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    Path folder = runResources.own(ScratchFolder.create("holdfast-bench-gateway")).path();
    ConfigFile file =
        new ConfigFile(
            folder.resolve("gateway.yaml"),
            FreePort.find(),
            EchoServers.ports(EchoServers.start(runResources, INSTANCES, true)),
            StreamServers.start(runResources, List.of("-Xmx512m")).port(false));
    file.write(0);
    GatewayProxy proxy =
        runResources.own(new GatewayPrograms(folder).holdfastWith(file.path(), file.port()));
    proxy.awaitFirstCall();
    ChatStreams chat =
        runResources.own(
            new ChatStreams(
                    proxy.channels(runResources, options.get(CONNECTIONS)), options.get(STREAMS), 0)
                .start());
    chat.awaitOpen(PATIENCE);
    RollTraffic traffic =
        runResources.own(
            new RollTraffic(
                    proxy.channels(runResources, options.get(CONNECTIONS)),
                    options.get(RATE),
                    DEADLINE)
                .start());
    report.say("%d streams are open", chat.open());
    List<Double> liveMillis = new ArrayList<>();
    int never = 0;
    int first = 1 - options.get(WARM_UP);
    for (int i = first; i <= options.get(RELOADS); i++) {
      if (i == 1) {
        traffic.resetLongest();
      }
      if (i % BROKEN_EVERY == 0) {
        file.breakIt();
        TimeUnit.MILLISECONDS.sleep(BROKEN_STANDS_MILLIS);
      }
      int edition = i - first;
      long renamed = file.write(edition + 1);
      boolean live = traffic.awaitAnswerOf("s" + (edition + 1) % INSTANCES, PATIENCE);
      double millis = (System.nanoTime() - renamed) / 1e6;
      if (!live) {
        never++;
        report.say("reload %d never counted", i);
      } else if (i > 0) {
        liveMillis.add(millis);
      }
      if (live && millis > LIVE_BOUND_MS) {
        report.say("reload %d counted after %.0f ms", i, millis);
      }
      TimeUnit.MILLISECONDS.sleep(options.get(PAUSE_MILLIS));
      tell(report, i, traffic.slowCalls(), renamed);
    }
    traffic.stop();
    chat.stop(PATIENCE);
    report.bound(never == 0, "%d reloads never counted (expected: 0)", never);
    conclude(options, report, traffic, chat, liveMillis);
  }

  /** The slowest call around a reload, if it waited for long. */
  private static void tell(
      Report report, int reload, List<RollTraffic.SlowCall> slow, long renamedNanos) {
    slow.stream()
        .max(Comparator.comparingDouble(RollTraffic.SlowCall::millis))
        .ifPresent(
            call ->
                report.say(
                    "reload %d: %d calls took long, the longest %.0f ms, sent %.0f ms after the"
                        + " file was replaced",
                    reload, slow.size(), call.millis(), (call.sentNanos() - renamedNanos) / 1e6));
  }

  private static void conclude(
      Options options,
      Report report,
      RollTraffic traffic,
      ChatStreams chat,
      List<Double> liveMillis) {
    traffic.failures().forEach((text, count) -> report.say("failed %d times: %s", count, text));
    if (chat.ended() > 0) {
      report.say("the first stream that was cut: %s", chat.firstEnd());
    }
    int reloads = liveMillis.size();
    double p99 = reloads == 0 ? Double.NaN : Sample.of(liveMillis).percentile(99);
    report
        .figure("reloads", reloads)
        .none("failed", traffic.failed())
        .none("streams_cut", chat.ended())
        .none("lost", chat.unanswered())
        .figure("calls", traffic.calls())
        .figure("streams", chat.open())
        .figure("live_p50_ms", reloads == 0 ? Double.NaN : Sample.of(liveMillis).median())
        .atMost("live_p99_ms", p99, LIVE_BOUND_MS)
        .atMost("longest_ms", traffic.longestMillis(), LONGEST_BOUND_MS)
        .bound(
            reloads == options.get(RELOADS),
            "reloads: %d (expected: %d)",
            reloads,
            options.get(RELOADS))
        .bound(
            chat.open() == options.get(STREAMS),
            "streams: %d (expected: %d)",
            chat.open(),
            options.get(STREAMS));
  }

  /**
   * The configuration file of the gateway.
   *
   * @param port the port that the gateway listens on
   * @param callPorts ports of the instances that answer calls, in turn
   * @param streamPort port of the instance that has the streams
   */
  private record ConfigFile(Path path, int port, List<Integer> callPorts, int streamPort) {
    private static final List<String> BALANCES = List.of("least_request", "round_robin");

    /**
     * Replaces it by another edition.
     *
     * @return when it was renamed into place
     */
    long write(int edition) throws IOException {
      return replace(
          """
          listeners:
            - address: 127.0.0.1:%d
          clusters:
            calls-%d:
              endpoints: ["127.0.0.1:%d"]
            streams:
              endpoints: ["127.0.0.1:%d"]
              balance: %s
          routes:
            - name: calls-%d
              path: /holdfast.bench.v1.Echo/Call
              cluster: calls-%d
              deadline: %ds
            - path: /holdfast.bench.v1.Echo/Chat
              cluster: streams
          """
              .formatted(
                  port,
                  edition,
                  callPorts.get(edition % callPorts.size()),
                  streamPort,
                  BALANCES.get(edition % BALANCES.size()),
                  edition,
                  edition,
                  DEADLINE.toSeconds()));
    }

    /** Puts nonsense into its place, which must change nothing. */
    void breakIt() throws IOException {
      var unused =
          replace(
              """
              routes:
                - cluster: nowhere
              """);
    }

    private long replace(String text) throws IOException {
      Path beside = path.resolveSibling(path.getFileName() + ".new");
      Files.writeString(beside, text);
      long now = System.nanoTime();
      Files.move(beside, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return now;
    }
  }
}
