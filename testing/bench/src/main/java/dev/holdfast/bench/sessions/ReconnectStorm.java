package dev.holdfast.bench.sessions;

import dev.holdfast.bench.load.OpenLoopLoad;
import dev.holdfast.bench.process.BenchTls;
import dev.holdfast.bench.process.JvmCpu;
import dev.holdfast.bench.process.LocalRedis;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.sessions.SessionServer.Kind;
import dev.holdfast.bench.sessions.SessionServer.SessionServerOptions;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.ConcurrentHistogram;

/** The benchmark of many sessions that lose their connections, or their server, at once. */
public final class ReconnectStorm extends Comparison {
  private static final Option SESSIONS =
      new Option("--sessions", 100_000, 2_000, 10, 200_000, "sessions of the server");
  private static final Option CONNECTIONS =
      new Option("--connections", 10_000, 200, 1, 18_000, "TCP connections that carry them");
  private static final Option CLIENTS =
      new Option("--clients", 2, 1, 1, 16, "processes that the clients are in");
  private static final Option PATIENCE_SECONDS =
      new Option("--patience", 120, 60, 1, 600, "seconds after which who is not back is lost");

  private static final int LEAST_SESSIONS = 100_000;
  private static final double CUT_BOUND_SECONDS = 15;
  private static final double TLS_BOUND_SECONDS = 60;
  private static final double RESTART_BOUND_SECONDS = 60;

  /** Of the sessions, those with a message under way when the connections are cut: each tenth. */
  private static final int UNDER_WAY = 10;

  private static final int CALLS_PER_SECOND = 50;
  private static final Duration CALL_DEADLINE = Duration.ofSeconds(20);
  private static final Duration POLL_INTERVAL = Duration.ofMillis(200);

  @Override
  public String name() {
    return "storm";
  }

  @Override
  public String summary() {
    return "100,000 sessions lose all connections, or their server, at once: nothing is lost";
  }

  @Override
  public List<Option> options() {
    return List.of(SESSIONS, CONNECTIONS, CLIENTS, PATIENCE_SECONDS);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "One server process, grpc-java clients in other processes, real TCP on loopback; stock"
            + " builders with resumable",
        "streams at their default settings. Each tenth session sends a message, then the server"
            + " resets all connections of",
        "streams (RST) at once, in plaintext and again with TLS (the JDK's, whole handshakes), and"
            + " with its sessions in a",
        "Redis of its own (level durable); or, with such a Redis, it is killed (-9) and started"
            + " again at the same port: the",
        "difference between the last two is what a new process costs. Then every session sends a"
            + " message. Resumed: from the cut, or the kill, until the last of them has its"
            + " answer. Messages are",
        "numbered and said back: lost, duplicated and reordered ones are counted at the clients.",
        "Unary calls, "
            + CALLS_PER_SECOND
            + " per second: of another client over a connection that is not cut, during the"
            + " storms; of the",
        "server that was killed, from its new start on.",
        "Last, the same cut and restart with streams of plain gRPC, whose clients open a new call"
            + " after an error, with the",
        "same delays, and send again what has no answer: that server keeps no sessions and has no"
            + " store.",
        "Clients run under SCHED_IDLE: 100,000 devices have CPUs of their own, so theirs are only"
            + " those that nobody wants.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "to both: clients, server and Redis share the cores, so what 100,000 devices would do by"
            + " themselves counts too.",
        "to both: the restarted server begins with a cold JIT.",
        "for ours: loopback has no latency, and Redis writes nothing to a disk.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    Path folder = Files.createTempDirectory("holdfast-bench-storm");
    Path key = BenchTls.newKey(folder);
    runResources.own(
        () -> {
          Files.deleteIfExists(key);
          Files.deleteIfExists(folder);
        });
    Outcome cut =
        storm("cut", false, SessionServerOptions.of(Kind.RESUME), options, runResources, report);
    Outcome tls =
        storm(
            "cut with TLS",
            false,
            SessionServerOptions.of(Kind.RESUME).withKey(key),
            options,
            runResources,
            report);
    Outcome durable =
        storm("cut, durable", false, durable(runResources), options, runResources, report);
    Outcome restart = storm("restart", true, durable(runResources), options, runResources, report);
    Outcome plainCut =
        storm(
            "plain gRPC, cut",
            false,
            SessionServerOptions.of(Kind.RAW),
            options,
            runResources,
            report);
    Outcome plainRestart =
        storm(
            "plain gRPC, restart",
            true,
            SessionServerOptions.of(Kind.RAW),
            options,
            runResources,
            report);
    report
        .atMost("resumed_cut_s", cut.seconds, CUT_BOUND_SECONDS)
        .atMost("resumed_restart_s", restart.seconds, RESTART_BOUND_SECONDS)
        .atMost("resumed_cut_tls_s", tls.seconds, TLS_BOUND_SECONDS)
        .figure("resumed_cut_durable_s", durable.seconds)
        .figure("restart_start_s", restart.startSeconds)
        .figure("restart_cpu_s", restart.cpu.allSeconds())
        .figure("restart_cpu_compilers_s", restart.cpu.compilersSeconds())
        .figure("restart_cpu_collector_s", restart.cpu.collectorSeconds())
        .figure("cut_durable_cpu_s", durable.cpu.allSeconds())
        .figure("plain_cut_s", plainCut.seconds)
        .figure("plain_restart_s", plainRestart.seconds)
        .figure("plain_restart_cpu_s", plainRestart.cpu.allSeconds());
    reportGuarantees(List.of(cut, tls, durable, restart), options, report);
  }

  private static void reportGuarantees(List<Outcome> all, Options options, Report report) {
    long lost = all.stream().mapToLong(Outcome::lost).sum();
    long twice = all.stream().mapToLong(one -> one.count.duplicated()).sum();
    long reordered = all.stream().mapToLong(one -> one.count.reordered()).sum();
    long ended = all.stream().mapToLong(one -> one.count.ended()).sum();
    long unaryFailed = all.stream().mapToLong(one -> one.calls.failed()).sum();
    report
        .none("lost", lost)
        .none("duplicated", twice)
        .figure("peak_mb", all.stream().mapToLong(one -> one.peakBytes >> 20).max().orElse(0))
        .figure("unary_p99_ms", all.stream().mapToDouble(one -> one.unaryMillis).max().orElse(0))
        .none("reordered", reordered)
        .none("unary_failed", unaryFailed)
        .figure("sessions", options.get(SESSIONS))
        .figure("connections", options.get(CONNECTIONS))
        .bound(ended == 0, "sessions that ended: %d (expected: 0)", ended)
        .bound(
            options.quick() || options.get(SESSIONS) >= LEAST_SESSIONS,
            "sessions: %d (expected: >= %d)",
            options.get(SESSIONS),
            LEAST_SESSIONS);
  }

  private static SessionServerOptions durable(RunResources runResources) throws Exception {
    return SessionServerOptions.of(Kind.DURABLE).withRedis(LocalRedis.start(runResources).uri());
  }

  /**
   * The figures of one storm.
   *
   * @param startSeconds from the kill until the server's new process listened; 0 without a kill
   * @param cpu of the server, in the storm
   * @param calls the unary ones, which are over
   */
  private record Outcome(
      double seconds,
      double startSeconds,
      JvmCpu cpu,
      DeliveryCounts count,
      long peakBytes,
      double unaryMillis,
      OpenLoopLoad calls) {
    /** The number of messages without an answer. */
    long lost() {
      return count.sent() - count.answered();
    }

    String text() {
      return "all back after %.1f s; sent %d, lost %d, duplicated %d, reordered %d, ended %d; "
              .formatted(
                  seconds,
                  count.sent(),
                  lost(),
                  count.duplicated(),
                  count.reordered(),
                  count.ended())
          + "unary p99 %.1f ms of %d, %d failed; CPU of the server %s"
              .formatted(unaryMillis, calls.answered(), calls.failed(), cpu);
    }
  }

  private static Outcome storm(
      String what,
      boolean restart,
      SessionServerOptions sessionServerOptions,
      Options options,
      RunResources runResources,
      Report report)
      throws Exception {
    SessionServer server = SessionServer.start(runResources, sessionServerOptions);
    List<Devices> devices = new ArrayList<>();
    try {
      open(devices, server, sessionServerOptions, options, runResources);
      report.say("%s: %d sessions stand", what, total(devices).answered());
      ConcurrentHistogram unaryNanos = new ConcurrentHistogram(3);
      OpenLoopLoad calls = calls(server, unaryNanos, runResources);
      // What a first call costs is not the storm's.
      TimeUnit.SECONDS.sleep(2);
      unaryNanos.reset();
      send(devices, UNDER_WAY);
      StreamCounters clientsBefore = counters(devices);
      // One that is about to be killed takes its counters along.
      StreamCounters serverBefore = restart ? StreamCounters.none() : server.counters();
      double cpuBefore = cpuSeconds(devices);
      JvmCpu serverCpuBefore = restart ? JvmCpu.NONE : JvmCpu.of(server.pid());
      double startSeconds = 0;
      long begin = System.nanoTime();
      if (restart) {
        server.kill();
        calls.stop();
        unaryNanos.reset();
        server = SessionServer.start(runResources, sessionServerOptions.withPort(server.port()));
        startSeconds = since(begin);
        report.say("%s: the server is back %.1f s after the kill", what, startSeconds);
        calls = calls(server, unaryNanos, runResources);
      } else {
        report.say("%s: %d connections cut", what, server.cut());
      }
      send(devices, 1);
      DeliveryCounts count = awaitAnswers(devices, begin, options.get(PATIENCE_SECONDS));
      double seconds = since(begin);
      JvmCpu serverCpu = JvmCpu.of(server.pid()).since(serverCpuBefore);
      calls.stop();
      double unaryMillis = unaryNanos.getValueAtPercentile(99) / 1e6;
      Outcome outcome =
          new Outcome(
              seconds, startSeconds, serverCpu, count, server.peakBytes(), unaryMillis, calls);
      report.say(
          "%s: %s; CPU of clients %.1f s", what, outcome.text(), cpuSeconds(devices) - cpuBefore);
      tell(report, what + ": clients", counters(devices).since(clientsBefore));
      tell(report, what + ": the server", server.counters().since(serverBefore));
      return outcome;
    } finally {
      for (Devices some : devices) {
        some.close();
      }
      server.close();
    }
  }

  private static void open(
      List<Devices> devices,
      SessionServer server,
      SessionServerOptions sessionServerOptions,
      Options options,
      RunResources runResources)
      throws IOException, InterruptedException {
    int clients = options.get(CLIENTS);
    Devices.Size size =
        new Devices.Size(
            options.get(CONNECTIONS) / clients, options.get(SESSIONS) / options.get(CONNECTIONS));
    for (int i = 0; i < clients; i++) {
      Devices.DeviceOptions device =
          new Devices.DeviceOptions(
              sessionServerOptions.kind() != Kind.RAW,
              !sessionServerOptions.key().isEmpty(),
              server.port());
      Devices some =
          Devices.startIn(options.commandOfPeers(), runResources, "clients-" + i, device, size);
      devices.add(some);
      some.open();
    }
  }

  private static OpenLoopLoad calls(
      SessionServer server, ConcurrentHistogram nanos, RunResources runResources) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), server.otherPort()))
            .usePlaintext()
            .build();
    runResources.own(channel::shutdownNow);
    return runResources.own(
        new OpenLoopLoad(
                channel,
                CALLS_PER_SECOND,
                CALL_DEADLINE,
                (instance, sent, answered) -> nanos.recordValue(answered - sent))
            .start());
  }

  private static DeliveryCounts awaitAnswers(List<Devices> devices, long begin, int patienceSeconds)
      throws IOException, InterruptedException {
    DeliveryCounts count = total(devices);
    while (count.answered() < count.sent() && since(begin) < patienceSeconds) {
      TimeUnit.NANOSECONDS.sleep(POLL_INTERVAL.toNanos());
      count = total(devices);
    }
    return count;
  }

  private static void send(List<Devices> devices, int nth)
      throws IOException, InterruptedException {
    for (Devices some : devices) {
      some.send(nth);
    }
  }

  private static DeliveryCounts total(List<Devices> devices)
      throws IOException, InterruptedException {
    DeliveryCounts all = new DeliveryCounts(0, 0, 0, 0, 0);
    for (Devices some : devices) {
      all = all.plus(some.count());
    }
    return all;
  }

  private static void tell(Report report, String who, StreamCounters counters) {
    report.say("%s counted %s", who, counters);
  }

  private static StreamCounters counters(List<Devices> devices)
      throws IOException, InterruptedException {
    StreamCounters all = StreamCounters.none();
    for (Devices some : devices) {
      all = all.plus(some.counters());
    }
    return all;
  }

  private static double cpuSeconds(List<Devices> devices) {
    return devices.stream().mapToDouble(some -> some.cpu().toMillis() / 1e3).sum();
  }

  private static double since(long beginNanos) {
    return (System.nanoTime() - beginNanos) / 1e9;
  }
}
