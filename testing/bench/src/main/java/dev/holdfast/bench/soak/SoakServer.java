package dev.holdfast.bench.soak;

import dev.holdfast.bench.run.RunResources;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.grpc.ServerStreams;
import dev.holdfast.streams.redis.RedisSessionStore;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.logging.Level;
import java.util.logging.Logger;

/** A child process with a server of {@link SoakMethods}, in Java or in Go. */
final class SoakServer {
  /** Where the sessions of its streams are, and how they go on at another server. */
  enum Kind {
    /** In a store: they also survive the end of their server. */
    DURABLE,
    /** In memory, with a cursor behind each message: they can be handed over. */
    CURSOR,
    /** The same in the memory of a server in Go, whose streams move when it drains. */
    GO
  }

  /**
   * The start parameters of a server.
   *
   * @param port the port to listen on; 0 for any
   * @param reachedAt the port at which clients reach it
   * @param redis URI of the store; "" for none
   * @param maxStreamAge the age at which a stream is to move
   */
  record Settings(Kind kind, int port, int reachedAt, String redis, Duration maxStreamAge) {
    Settings withPort(int newPort) {
      return new Settings(kind, newPort, reachedAt, redis, maxStreamAge);
    }
  }

  /** Heartbeats of both sides: paths go silent here. */
  static final SessionOptions OPTIONS =
      SessionOptions.DEFAULT.withTiming(
          SessionOptions.Timing.DEFAULT.withHeartbeat(
              Duration.ofSeconds(2), Duration.ofSeconds(6), Duration.ofSeconds(6)));

  private static final String PORT = "PORT";
  private static final String FINISH = "FINISH";
  private static final String MOVED = "MOVED";
  private static final String DRAIN = "DRAIN";
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int TICKING_THREADS = 2;
  private static final List<String> JVM_OPTIONS = List.of("-Xmx512m", "-XX:+UseSerialGC");
  private static final Logger CUTS = Logger.getLogger("io.grpc.netty");

  /** The token key of all servers of a run. It protects nothing here. */
  private static final byte[] TOKEN_KEY =
      "the key of a benchmark's servers".getBytes(StandardCharsets.US_ASCII);

  private final ChildJvm child;
  private final Settings settings;
  private final int port;

  private SoakServer(ChildJvm child, Settings settings) throws InterruptedException {
    this.child = child;
    this.settings = settings;
    this.port = Integer.parseInt(child.await(PORT, PATIENCE));
  }

  static SoakServer start(RunResources runResources, Settings settings) throws Exception {
    ChildJvm child =
        settings.kind() == Kind.GO
            ? ChildJvm.startRecorded(
                "go-server",
                goProgram("server", "" + settings.port(), "" + settings.reachedAt()),
                line -> {})
            : ChildJvm.start(
                settings.kind() + "-server",
                SoakServer.class,
                JVM_OPTIONS,
                List.of(
                    settings.kind().name(),
                    "" + settings.port(),
                    "" + settings.reachedAt(),
                    settings.redis(),
                    "" + settings.maxStreamAge().toSeconds()));
    return new SoakServer(runResources.own(child), settings);
  }

  /** The command of the program in Go, which it builds first. */
  static List<String> goProgram(String... args) {
    Path program = Path.of(System.getProperty("holdfast.home", "."), "go", "soak");
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(args));
    return command;
  }

  int port() {
    return port;
  }

  long pid() {
    return child.pid();
  }

  /** Subscriptions end from now on. */
  void finish() throws IOException, InterruptedException {
    ask(FINISH);
  }

  /** The streams of other servers that went on here. */
  long moved() throws IOException, InterruptedException {
    return ask(MOVED);
  }

  /**
   * A server in Go hands its streams over and stops serving; its process stays.
   *
   * @return the streams of other servers that went on here
   */
  long drain() throws IOException, InterruptedException {
    return ask(DRAIN);
  }

  /** SIGKILL, and a new process on the same port. */
  SoakServer replace(RunResources runResources) throws Exception {
    child.kill();
    return start(runResources, settings.withPort(port));
  }

  private long ask(String what) throws IOException, InterruptedException {
    child.send(what);
    return Long.parseLong(child.await(what, PATIENCE));
  }

  /** The program: {@code KIND PORT REACHED_AT REDIS MAX_STREAM_AGE_SECONDS}. */
  public static void main(String[] args) throws Exception {
    // grpc's server reports each reset with a stack trace, and resets are what happens here.
    CUTS.setLevel(Level.SEVERE);
    Metrics.addRegistry(new SimpleMeterRegistry());
    ServerStreams.Builder streams =
        ServerStreams.builder()
            .options(OPTIONS)
            .tokenKey(TOKEN_KEY)
            .maxStreamAge(Duration.ofSeconds(Long.parseLong(args[4])));
    if (Kind.valueOf(args[0]) == Kind.DURABLE) {
      RedisSessionStore store = RedisSessionStore.open(args[3]);
      store.awaitConnected(PATIENCE);
      streams.store(store);
    } else {
      streams.address("127.0.0.1:" + args[2]);
    }
    SoakService service = new SoakService(Executors.newScheduledThreadPool(TICKING_THREADS));
    Server server =
        NettyServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[1])))
            .addService(streams.build().resumable(service))
            .build()
            .start();
    ParentLine parent = new ParentLine();
    parent.say("%s %d", PORT, server.getPort());
    for (String asked = parent.next(); !asked.isEmpty(); asked = parent.next()) {
      if (asked.equals(FINISH)) {
        service.finish();
      }
      parent.say("%s %d", asked, asked.equals(MOVED) ? movedHere() : 0);
    }
    server.shutdownNow();
    System.exit(0);
  }

  private static long movedHere() {
    return (long)
        Metrics.globalRegistry.find("holdfast.streams.moved").counters().stream()
            .mapToDouble(Counter::count)
            .sum();
  }
}
