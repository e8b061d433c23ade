package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.lab.PathFaults;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opentest4j.TestAbortedException;

/**
 * grpc-java, grpc-go and C-core servers with default settings: which PINGs they punish, and that
 * ours are none of those.
 */
class ForeignServersTest {
  /** A server, and which of many PINGs on a young connection is the fatal one. */
  private enum Peer {
    JAVA(3),
    /** The first is free. */
    GO(4),
    /** The first is free. */
    C_CORE(4);

    private final int fatal;

    Peer(int fatal) {
      this.fatal = fatal;
    }
  }

  private static final int MANY_PINGS = 20;
  private static final int TIMES_FORGIVEN = 8;
  private static final Duration SOAK = Duration.ofSeconds(6);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** What it holds back it delivers together. */
  private static final PathFaults STALL =
      PathFaults.builder()
          .stall(Duration.ofMillis(500), Duration.ofSeconds(3), Duration.ZERO)
          .build();

  private static final Duration CALL_EVERY = Duration.ofMillis(150);
  private static final LivenessOptions EAGER =
      LivenessOptions.DEFAULT.withProbing(Duration.ofSeconds(1), Duration.ofSeconds(1));

  /** Every call of a caller comes so late that it wants a liveness check first. */
  private static final LivenessOptions DOUBTFUL = EAGER.withSafeIdle(Duration.ofMillis(100));

  @TempDir static Path folder;
  private static final Map<Peer, Integer> ports = new EnumMap<>(Peer.class);
  private static final Map<Peer, String> missing = new EnumMap<>(Peer.class);
  private static final List<AutoCloseable> started = new ArrayList<>();

  @BeforeAll
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  static void start() throws Exception {
    ports.put(Peer.JAVA, serveJava());
    try {
      PeerProgram go = PeerProgram.serve("go-words", PeerProgram.go(folder));
      started.add(go);
      ports.put(Peer.GO, go.port());
    } catch (TestAbortedException e) {
      missing.put(Peer.GO, String.valueOf(e.getMessage()));
    }
    try {
      PeerProgram python = PeerProgram.serve("python-words", PeerProgram.python());
      started.add(python);
      ports.put(Peer.C_CORE, python.port());
    } catch (TestAbortedException e) {
      missing.put(Peer.C_CORE, String.valueOf(e.getMessage()));
    }
  }

  @AfterAll
  static void stop() throws Exception {
    for (AutoCloseable peer : started) {
      peer.close();
    }
  }

  /** All at once, because all of it is waiting. */
  @Test
  void ourProbesCostNoConnectionWhateverItsTraffic() {
    List<MiddleboxClient> users = new ArrayList<>();
    List<MiddleboxClient> callers = new ArrayList<>();
    List<MiddleboxClient> listeners = new ArrayList<>();
    List<MiddleboxClient> talkers = new ArrayList<>();
    List<MiddleboxClient> stalled = new ArrayList<>();
    try {
      ports.forEach(
          (peer, port) -> {
            users.add(new MiddleboxClient(peer + ", no calls", port, EAGER));
            listeners.add(
                new MiddleboxClient(peer + ", silent stream", port, EAGER).follow("deaf"));
            talkers.add(
                new MiddleboxClient(peer + ", slow stream", port, EAGER).follow("every:1500"));
            callers.add(MiddleboxClient.withoutPingsOfGrpc(peer + ", calls", port, DOUBTFUL));
            stalled.add(new MiddleboxClient(peer + ", stalls", port, EAGER).follow("every:300"));
          });
      users.addAll(listeners);
      users.addAll(talkers);
      users.addAll(callers);
      users.forEach(MiddleboxClient::call);
      stalled.forEach(MiddleboxClient::call);
      stalled.forEach(user -> user.path.faults(STALL));
      long startNanos = System.nanoTime();
      await()
          .pollInterval(CALL_EVERY)
          .atMost(PATIENCE)
          .until(
              () -> {
                callers.forEach(MiddleboxClient::call);
                // Far more than any of them takes without a word of its own in between.
                return callers.stream().allMatch(caller -> caller.probes() >= MANY_PINGS)
                    && talkers.stream().allMatch(talker -> talker.probes() >= 2)
                    // Beside gRPC's own after the only message.
                    && listeners.stream().allMatch(listener -> listener.probes() >= 1)
                    && System.nanoTime() - startNanos > SOAK.toNanos();
              });
      users.forEach(MiddleboxClient::assertUnharmed);
      users.forEach(MiddleboxClient::assertOnOneConnection);
      stalled.forEach(MiddleboxClient::assertStreamGoesOn);
      stalled.forEach(MiddleboxClient::assertUnharmed);
      stalled.forEach(MiddleboxClient::assertOnOneConnection);
      await().atMost(PATIENCE).until(() -> stalled.stream().allMatch(u -> u.probes() >= 1));
      // What was seen with grpc-java alone is not said of all.
      assumeTrue(missing.isEmpty(), missing::toString);
    } finally {
      users.forEach(MiddleboxClient::close);
      stalled.forEach(MiddleboxClient::close);
    }
  }

  @ParameterizedTest
  @EnumSource
  void whoPingsWithoutCallsIsKilled(Peer peer) {
    try (RawPingClient rude = new RawPingClient(port(peer))) {
      assertThat(rude.pingUntilGone(MANY_PINGS)).isEqualTo(peer.fatal);
      assertThat(rude.goAway()).isEqualTo("11 too_many_pings");
    }
  }

  @ParameterizedTest
  @EnumSource
  void whoPingsBesideASilentStreamIsKilled(Peer peer) {
    try (RawPingClient rude = new RawPingClient(port(peer))) {
      rude.follow("deaf");
      assertThat(rude.pingUntilGone(MANY_PINGS)).isEqualTo(peer.fatal);
      assertThat(rude.goAway()).isEqualTo("11 too_many_pings");
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatAServerWritesForgivesAllStrikes(Peer peer) {
    try (RawPingClient rude = new RawPingClient(port(peer))) {
      rude.follow("every:50");
      for (int i = 0; i < TIMES_FORGIVEN; i++) {
        for (int strike = 0; strike < peer.fatal - 1; strike++) {
          rude.ping();
        }
        rude.awaitWords(rude.words.get() + 1);
      }
      assertThat(rude.goAway()).isEmpty();
      assertThat(rude.isGone()).isFalse();
    }
  }

  private static int port(Peer peer) {
    assumeTrue(ports.containsKey(peer), () -> String.valueOf(missing.get(peer)));
    return ports.get(peer);
  }

  /** Stock, in this process: nothing of ours in its pipeline. */
  private static int serveJava() throws Exception {
    ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    ServerServiceDefinition words =
        ServerServiceDefinition.builder("test.Words")
            .addMethod(
                WordsService.PLACE,
                ServerCalls.asyncUnaryCall(
                    (request, responses) -> {
                      responses.onNext("java");
                      responses.onCompleted();
                    }))
            .addMethod(
                WordsService.FOLLOW,
                ServerCalls.asyncServerStreamingCall(
                    (request, responses) -> follow(clock, request, responses)))
            .build();
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(words)
            .build()
            .start();
    started.add(server::shutdownNow);
    started.add(clock::shutdownNow);
    return server.getPort();
  }

  private static void follow(
      ScheduledExecutorService clock, String request, StreamObserver<String> responses) {
    List<Future<?>> ticking = new CopyOnWriteArrayList<>();
    // Otherwise a message after the client went away is an exception in the log.
    ((ServerCallStreamObserver<String>) responses)
        .setOnCancelHandler(() -> ticking.forEach(tick -> tick.cancel(false)));
    responses.onNext("java");
    if (request.startsWith("every:")) {
      long millis = Long.parseLong(request.substring("every:".length()));
      ticking.add(
          clock.scheduleAtFixedRate(
              () -> responses.onNext("java"), millis, millis, TimeUnit.MILLISECONDS));
    }
  }
}
