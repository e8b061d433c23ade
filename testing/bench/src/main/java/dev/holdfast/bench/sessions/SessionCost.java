package dev.holdfast.bench.sessions;

import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.sessions.SessionServer.Kind;
import java.util.ArrayList;
import java.util.List;

/** The benchmark of an idle session's memory cost in the server. */
public final class SessionCost extends Comparison {
  private static final Option SESSIONS =
      new Option("--sessions", 100_000, 4_000, 10, 200_000, "idle sessions of the server");
  private static final Option CONNECTIONS =
      new Option("--connections", 10_000, 400, 1, 18_000, "TCP connections that carry them");
  private static final Option CLIENTS =
      new Option("--clients", 2, 1, 1, 16, "processes that the clients are in");

  private static final int LEAST_SESSIONS = 100_000;
  private static final int LEAST_CONNECTIONS = 10_000;
  private static final double BYTES_BOUND = 12_288;
  private static final double OWN_BOUND = 2_048;

  @Override
  public String name() {
    return "sessions";
  }

  @Override
  public String summary() {
    return "100,000 idle sessions in one server: <= 12,288 bytes each, <= 2,048 of them ours";
  }

  @Override
  public List<Option> options() {
    return List.of(SESSIONS, CONNECTIONS, CLIENTS);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "One server process; grpc-java clients in other processes, real TCP on loopback. Each"
            + " stream has had one",
        "message and its answer. First raw streams of grpc-java, then as many sessions (level"
            + " resume) in a new server.",
        "Bytes: all reachable objects after full collections (the least of seven measurements), and"
            + " Netty's direct memory, less",
        "what they were before the first connection, by sessions: connections and grpc's streams"
            + " are in it.",
        "Own bytes: those of a session less those of a raw stream, so whatever a session makes"
            + " others hold counts as ours.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "to neither: sockets in the kernel, thread stacks and the JVM's own memory are not counted;"
            + " resident_mb has all.",
        "to ours: messages that wait for a slow peer would count; here all were processed.");
  }

  @Override
  public void validate(Options options) {
    if (options.get(SESSIONS) % options.get(CONNECTIONS) != 0
        || options.get(CONNECTIONS) % options.get(CLIENTS) != 0) {
      throw new IllegalArgumentException(
          "--sessions: "
              + options.get(SESSIONS)
              + " (expected: a multiple of --connections, and that of --clients)");
    }
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    Held raw = hold(Kind.RAW, options, runResources, report);
    Held ours = hold(Kind.RESUME, options, runResources, report);
    int sessions = options.get(SESSIONS);
    int connections = options.get(CONNECTIONS);
    double own = ours.bytesPerSession - raw.bytesPerSession;
    report
        .figure("sessions", ours.sessions)
        .figure("bytes_per_session", Math.round(ours.bytesPerSession))
        .figure("own_bytes_per_session", Math.round(own))
        .figure("raw_bytes_per_stream", Math.round(raw.bytesPerSession))
        .figure("connections", connections)
        .figure("resident_mb", ours.residentMegabytes)
        .bound(ours.sessions == sessions, "sessions: %d (expected: %d)", ours.sessions, sessions)
        .bound(
            options.quick() || (sessions >= LEAST_SESSIONS && connections >= LEAST_CONNECTIONS),
            "sessions: %d over %d connections (expected: %d over %d)",
            sessions,
            connections,
            LEAST_SESSIONS,
            LEAST_CONNECTIONS)
        .speedBound(
            ours.bytesPerSession <= BYTES_BOUND,
            "bytes_per_session: %.0f (expected: <= %.0f)",
            ours.bytesPerSession,
            BYTES_BOUND)
        .speedBound(
            own <= OWN_BOUND, "own_bytes_per_session: %.0f (expected: <= %.0f)", own, OWN_BOUND);
  }

  private record Held(long sessions, double bytesPerSession, long residentMegabytes) {}

  private static Held hold(Kind kind, Options options, RunResources runResources, Report report)
      throws Exception {
    int clients = options.get(CLIENTS);
    int connections = options.get(CONNECTIONS) / clients;
    int perConnection = options.get(SESSIONS) / options.get(CONNECTIONS);
    SessionServer server =
        SessionServer.start(runResources, SessionServer.SessionServerOptions.of(kind));
    List<Devices> devices = new ArrayList<>();
    try {
      long before = server.memoryBytes();
      for (int i = 0; i < clients; i++) {
        Devices some =
            Devices.start(
                runResources,
                kind.name() + "-clients",
                new Devices.DeviceOptions(kind != Kind.RAW, false, server.port()),
                new Devices.Size(connections, perConnection));
        devices.add(some);
        some.open();
        report.say("%s: %d streams stand", kind, (i + 1) * connections * perConnection);
      }
      double bytes = (server.memoryBytes() - before) / (double) options.get(SESSIONS);
      DeliveryCounts count = new DeliveryCounts(0, 0, 0, 0, 0);
      for (Devices some : devices) {
        count = count.plus(some.count());
      }
      report.bound(
          count.answered() == options.get(SESSIONS) && count.ended() == 0,
          "%s: %d answered, %d ended (expected: %d, 0)",
          kind,
          count.answered(),
          count.ended(),
          options.get(SESSIONS));
      report.say("%s: %.0f bytes each", kind, bytes);
      long sessions = kind == Kind.RAW ? 0 : server.sessions();
      return new Held(sessions, bytes, server.residentBytes() >> 20);
    } finally {
      for (Devices some : devices) {
        some.close();
      }
      server.close();
    }
  }
}
