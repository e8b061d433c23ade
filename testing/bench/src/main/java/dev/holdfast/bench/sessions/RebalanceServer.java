package dev.holdfast.bench.sessions;

import dev.holdfast.bench.run.Machine;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.streams.StreamService;
import dev.holdfast.grpc.DrainOptions;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.grpc.ServerStreams;
import dev.holdfast.streams.grpc.SessionView;
import dev.holdfast.streams.redis.RedisSessionStore;
import io.grpc.BindableService;
import io.grpc.InsecureServerCredentials;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** A child process with a registered server of streams. */
final class RebalanceServer {
  /** How streams go on at another server. */
  enum StreamKind {
    /** Streams of grpc-java: their application opens them anew after an error. */
    STOCK,
    /** Sessions in a store. */
    DURABLE,
    /** Sessions without a store, whose handler marks a cursor behind each answer. */
    CURSOR
  }

  private static final String STARTED = "STARTED";
  private static final String COUNT = "COUNT";
  private static final String ACCEPTED = "ACCEPTED";
  private static final String CAPACITY = "CAPACITY";
  private static final String COMPILED = "COMPILED";
  private static final String STOP = "STOP";
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final long STOP_SECONDS = 60;

  /**
   * A stop of a server would count as a pause of its streams: its collector works beside it. Each
   * one counts one processor, as in a container with one: five of them share the few that are here.
   */
  private static final List<String> JVM_OPTIONS =
      List.of("-Xmx384m", "-XX:+UseZGC", "-XX:ActiveProcessorCount=1");

  /** The token key of all servers of a run. It protects nothing here. */
  private static final byte[] TOKEN_KEY =
      "the key of a benchmark's servers".getBytes(StandardCharsets.US_ASCII);

  private final ChildJvm child;

  private RebalanceServer(ChildJvm child) {
    this.child = child;
  }

  /**
   * Starts a server and waits until it listens.
   *
   * @param target what it registers at
   * @param redis URI of the store of durable streams
   */
  static RebalanceServer start(
      RunResources runResources, String name, String target, StreamKind kind, String redis)
      throws Exception {
    ChildJvm child =
        runResources.own(
            ChildJvm.start(
                name, RebalanceServer.class, JVM_OPTIONS, List.of(target, kind.name(), redis)));
    var unused = child.await(STARTED, PATIENCE);
    return new RebalanceServer(child);
  }

  /** The streams that it carries now. */
  long streams() throws IOException, InterruptedException {
    return ask(COUNT);
  }

  /** The streams that came to it so far, at its beginning or from another server. */
  long accepted() throws IOException, InterruptedException {
    return ask(ACCEPTED);
  }

  /** The time that its compilers have taken so far, in milliseconds. */
  long compiledMillis() throws IOException, InterruptedException {
    return ask(COMPILED);
  }

  /** From now on it says of itself that it is overloaded while it has more streams than this. */
  void limit(long streams) throws IOException, InterruptedException {
    child.send(CAPACITY + " " + streams);
    var unused = child.await(CAPACITY, PATIENCE);
  }

  /** Tells it to leave in order; does not wait. */
  void beginStop() throws IOException {
    child.send(STOP);
  }

  void close() throws InterruptedException {
    child.close();
  }

  private long ask(String what) throws IOException, InterruptedException {
    child.send(what);
    return Long.parseLong(child.await(what, PATIENCE));
  }

  /** The program: {@code TARGET KIND REDIS}. */
  public static void main(String[] args) throws Exception {
    Metrics.addRegistry(new SimpleMeterRegistry());
    AtomicLong capacity = new AtomicLong(Long.MAX_VALUE);
    AtomicInteger plain = new AtomicInteger();
    StreamKind kind = StreamKind.valueOf(args[1]);
    ServerStreams streams = kind == StreamKind.STOCK ? null : rebalancing(kind, args[2], capacity);
    BindableService service =
        kind == StreamKind.CURSOR ? new CursorChatService() : new StreamService();
    ServerServiceDefinition served =
        streams == null ? counted(service, plain) : streams.resumable(service);
    HoldfastServer server =
        HoldfastServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                InsecureServerCredentials.create())
            .drain(DrainOptions.DEFAULT.withSpread(Duration.ofSeconds(1)))
            .executor(Executors.newFixedThreadPool(Machine.cores()))
            .addService(served)
            .register(args[0])
            .build()
            .start();
    ParentLine parent = new ParentLine();
    parent.say("%s %d", STARTED, server.getPort());
    for (String asked = parent.next(); !asked.isEmpty(); asked = parent.next()) {
      String[] words = asked.split(" ", -1);
      switch (words[0]) {
        case COUNT -> parent.say("%s %d", COUNT, streams == null ? plain.get() : attached(streams));
        case ACCEPTED -> parent.say("%s %d", ACCEPTED, acceptedHere());
        case COMPILED -> parent.say("%s %d", COMPILED, Machine.compiledMillis());
        case CAPACITY -> {
          capacity.set(Long.parseLong(words[1]));
          parent.say("%s 0", CAPACITY);
        }
        case STOP -> {
          server.shutdown();
          System.exit(server.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS) ? 0 : 1);
        }
        default -> throw new IllegalArgumentException(asked);
      }
    }
    server.shutdownNow();
    System.exit(0);
  }

  private static ServerStreams rebalancing(StreamKind kind, String redis, AtomicLong capacity)
      throws Exception {
    ServerStreams[] built = new ServerStreams[1];
    ServerStreams.Builder builder =
        ServerStreams.builder()
            .tokenKey(TOKEN_KEY)
            .rebalance(() -> attached(built[0]) > capacity.get());
    if (kind == StreamKind.DURABLE) {
      RedisSessionStore store = RedisSessionStore.open(redis);
      store.awaitConnected(PATIENCE);
      builder.store(store);
    }
    built[0] = builder.build();
    return built[0];
  }

  private static long attached(ServerStreams streams) {
    return streams.sessions().stream()
        .map(SessionView::state)
        .filter(SessionState.ATTACHED::equals)
        .count();
  }

  private static ServerServiceDefinition counted(BindableService service, AtomicInteger open) {
    return ServerInterceptors.intercept(service, new OpenStreams(open));
  }

  private static long acceptedHere() {
    return (long)
        Metrics.globalRegistry
            .find("holdfast.streams.attachments")
            .tag("side", "server")
            .counters()
            .stream()
            .mapToDouble(Counter::count)
            .sum();
  }
}
