package dev.holdfast.bench.sessions;

import dev.holdfast.bench.process.BenchTls;
import dev.holdfast.bench.run.Machine;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.streams.StreamService;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import dev.holdfast.streams.grpc.ServerStreams;
import dev.holdfast.streams.redis.RedisSessionStore;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.management.JMException;

/** A child process with a server of many streams, which reports its resource usage on request. */
final class SessionServer {
  /** The kind of the server's streams. */
  enum Kind {
    /** Plain streams of grpc-java, without sessions. */
    RAW,
    /** Resumable streams whose sessions live in memory. */
    RESUME,
    /** Durable streams whose sessions live in Redis. */
    DURABLE
  }

  /**
   * The start parameters of a server.
   *
   * @param port the port to listen on; 0 for any
   * @param key the file with the TLS key; "" for plaintext
   * @param redis URI of Redis; "" for none
   */
  record SessionServerOptions(Kind kind, int port, String key, String redis) {
    static SessionServerOptions of(Kind kind) {
      return new SessionServerOptions(kind, 0, "", "");
    }

    SessionServerOptions withPort(int newPort) {
      return new SessionServerOptions(kind, newPort, key, redis);
    }

    SessionServerOptions withKey(Path newKey) {
      return new SessionServerOptions(kind, port, newKey.toString(), redis);
    }

    SessionServerOptions withRedis(String uri) {
      return new SessionServerOptions(kind, port, key, uri);
    }

    private List<String> toArguments() {
      return List.of(kind.name(), "" + port, key, redis);
    }

    private static SessionServerOptions of(String[] args) {
      return new SessionServerOptions(
          Kind.valueOf(args[0]), Integer.parseInt(args[1]), args[2], args[3]);
    }
  }

  private static final String PORTS = "PORTS";
  private static final String MEMORY = "MEMORY";
  private static final String RESIDENT = "RESIDENT";
  private static final String PEAK = "PEAK";
  private static final String COUNT = "COUNT";
  private static final String CUT = "CUT";
  private static final String COUNTERS = "COUNTERS";
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final List<String> JVM_OPTIONS = List.of("-Xmx3g", "-XX:+UseParallelGC");

  /**
   * The token key of all servers of a run, as the servers of one service would share it. It
   * protects nothing here.
   */
  private static final byte[] TOKEN_KEY =
      "the key of a benchmark's servers".getBytes(StandardCharsets.US_ASCII);

  private static final Logger CUTS = Logger.getLogger("io.grpc.netty");

  private final ChildJvm child;
  private final int port;
  private final int otherPort;

  private SessionServer(ChildJvm child, int port, int otherPort) {
    this.child = child;
    this.port = port;
    this.otherPort = otherPort;
  }

  static SessionServer start(RunResources runResources, SessionServerOptions sessionServerOptions)
      throws Exception {
    ChildJvm child =
        runResources.own(
            ChildJvm.start(
                sessionServerOptions.kind.name() + "-server",
                SessionServer.class,
                JVM_OPTIONS,
                sessionServerOptions.toArguments()));
    String[] ports = child.await(PORTS, PATIENCE).split(" ", -1);
    return new SessionServer(child, Integer.parseInt(ports[0]), Integer.parseInt(ports[1]));
  }

  /** The port on which the streams are served. */
  int port() {
    return port;
  }

  /** The port on which the same process serves other clients, whose connections are never cut. */
  int otherPort() {
    return otherPort;
  }

  /** Bytes of reachable objects and of Netty's direct memory. */
  long memoryBytes() throws Exception {
    return ask(MEMORY);
  }

  /** The resident set size of the process, in bytes. */
  long residentBytes() throws Exception {
    return ask(RESIDENT);
  }

  /** The most that the kernel ever counted for the process. */
  long peakBytes() throws Exception {
    return ask(PEAK);
  }

  /** The number of sessions that the server holds. */
  long sessions() throws Exception {
    return ask(COUNT);
  }

  /** Resets all connections of streams; says how many. */
  long cut() throws Exception {
    return ask(CUT);
  }

  /** The counters of the server's streams so far. */
  StreamCounters counters() throws IOException, InterruptedException {
    child.send(COUNTERS);
    return StreamCounters.parse(child.await(COUNTERS, PATIENCE));
  }

  /** CPU time of the process so far. */
  Duration cpu() {
    return child.cpu();
  }

  long pid() {
    return child.pid();
  }

  /** Kills the process, as an out-of-memory killer would. */
  void kill() throws InterruptedException {
    child.kill();
  }

  void close() throws InterruptedException {
    child.close();
  }

  private long ask(String what) throws IOException, InterruptedException {
    child.send(what);
    return Long.parseLong(child.await(what, PATIENCE));
  }

  /** The program: {@code KIND PORT KEY REDIS}. */
  public static void main(String[] args) throws Exception {
    // grpc's server reports each reset with a stack trace, and resets are what happens here.
    CUTS.setLevel(Level.SEVERE);
    SessionServerOptions sessionServerOptions = SessionServerOptions.of(args);
    StreamCounters.begin();
    ServerStreams.Builder builder = ServerStreams.builder().tokenKey(TOKEN_KEY);
    if (sessionServerOptions.kind == Kind.DURABLE) {
      RedisSessionStore store = RedisSessionStore.open(sessionServerOptions.redis);
      store.awaitConnected(PATIENCE);
      builder.store(store);
    }
    ServerStreams streams = builder.build();
    StreamService service = new StreamService();
    ServerServiceDefinition served =
        sessionServerOptions.kind == Kind.RAW ? service.bindService() : streams.resumable(service);
    CutListener listener = new CutListener();
    NettyServerBuilder server = listener.on(at(sessionServerOptions.port)).addService(served);
    Server started =
        (sessionServerOptions.key.isEmpty()
                ? server
                : BenchTls.secure(server, Path.of(sessionServerOptions.key)))
            .build()
            .start();
    Server other = at(0).addService(service).build().start();
    ParentLine parent = new ParentLine();
    parent.say("%s %d %d", PORTS, started.getPort(), other.getPort());
    for (String asked = parent.next(); !asked.isEmpty(); asked = parent.next()) {
      if (asked.equals(COUNTERS)) {
        parent.say("%s %s", asked, StreamCounters.line());
      } else {
        parent.say("%s %d", asked, answer(asked, streams, listener));
      }
    }
    started.shutdownNow();
    other.shutdownNow();
    System.exit(0);
  }

  private static NettyServerBuilder at(int port) {
    return NettyServerBuilder.forAddress(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  private static long answer(String asked, ServerStreams streams, CutListener listener)
      throws InterruptedException, JMException, IOException {
    return switch (asked) {
      case MEMORY -> Machine.settledHeapBytes() + PlatformDependent.usedDirectMemory();
      case RESIDENT -> ofThisProcess("VmRSS:");
      case PEAK -> ofThisProcess("VmHWM:");
      case COUNT -> streams.sessions().size();
      case CUT -> listener.cut();
      default -> throw new IllegalArgumentException(asked);
    };
  }

  private static long ofThisProcess(String key) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith(key))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1_024)
        .findFirst()
        .orElse(0);
  }
}
