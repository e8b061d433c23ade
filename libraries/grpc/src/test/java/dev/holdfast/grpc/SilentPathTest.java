package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.grpc.internal.pairing.ReplacementLimit;
import dev.holdfast.grpc.internal.transport.EventLoops;
import dev.holdfast.lab.Middlebox;
import dev.holdfast.lab.PathFaults;
import dev.holdfast.lab.RelayDirection;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real sockets through a path that forgets, resets and stalls. */
@Execution(ExecutionMode.CONCURRENT)
class SilentPathTest {
  // The kernel probes on demand only after a second of silence.
  private static final Duration SAFE_IDLE = Duration.ofSeconds(1);
  private static final LivenessOptions QUICK =
      LivenessOptions.DEFAULT
          .withSafeIdle(SAFE_IDLE)
          .withProbing(Duration.ofSeconds(1), Duration.ofSeconds(1));

  /** A round trip and a handshake on loopback, with room for a busy machine. */
  private static final Duration SOON = Duration.ofSeconds(2);

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration STALL = Duration.ofSeconds(4);

  private final LoopbackTopology loopbackTopology = new LoopbackTopology();
  private final List<Middlebox> paths = new ArrayList<>();

  @AfterEach
  void close() {
    loopbackTopology.close();
    paths.forEach(Middlebox::close);
  }

  @ParameterizedTest
  @ValueSource(strings = {"holdfast", "round_robin", "pick_first"})
  void theFirstCallAfterASilentDropSucceedsOnAReplacement(String policy) throws Exception {
    Middlebox path = pathTo(new WordsService("a"));
    ManagedChannel channel = loopbackTopology.channel(quick().loadBalancing(policy));
    assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
    path.forgetFlows();
    beQuiet();
    long startNanos = System.nanoTime();
    assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
    assertThat(Duration.ofNanos(System.nanoTime() - startNanos))
        .as("by far not what the kernel would need to give up")
        .isLessThan(SOON.multipliedBy(5));
    assertThat(races("took_over")).isEqualTo(1);
    assertThat(path.counts().opened()).isEqualTo(2);
  }

  @Test
  void theSameWithoutEpoll() throws Exception {
    Middlebox path = pathTo(new WordsService("a"));
    ManagedChannel channel = loopbackTopology.channel(quick().eventLoops(EventLoops.nio()));
    assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
    path.forgetFlows();
    beQuiet();
    assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
    assertThat(races("took_over")).isEqualTo(1);
  }

  @Test
  void aQuietConnectionThatLivesIsUsedAgain() throws Exception {
    Middlebox path = pathTo(new WordsService("a"));
    ManagedChannel channel = loopbackTopology.channel(quick());
    for (int i = 0; i < 3; i++) {
      assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
      beQuiet();
    }
    // On a busy machine an answer may take longer than the 50 ms until a replacement is opened.
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat((double) path.counts().opened())
                    .as("no second connection without a race")
                    .isLessThanOrEqualTo(1 + races("took_over") + races("not_needed")));
    assertThat(loopbackTopology.meters.get("holdfast.grpc.liveness.checks").counter().count())
        .isPositive();
  }

  @Test
  void aHeldStreamSurvivesAStall() throws Exception {
    HoldfastServer server =
        loopbackTopology.serveUnregistered(new WordsService("a"), loopbackTopology.server());
    Middlebox path = pathTo(server.getPort());
    ManagedChannel channel = loopbackTopology.channel(quick());
    HeldStream held = HeldStream.follow(channel, "word");
    await().until(() -> held.heard().contains("a"));
    path.faults(PathFaults.builder().stall(Duration.ZERO, STALL, Duration.ZERO).build());
    Call during = new Call(channel);
    await().atMost(STALL.multipliedBy(5)).until(() -> during.tookAtMost(STALL.multipliedBy(4)));
    server.shutdown();
    assertThat(held.awaitEnd().isOk()).isTrue();
    assertThat(held.heard()).containsExactly("a", WordsService.LAST_WORD);
  }

  @Test
  void aStreamThatEndsForSilenceSaysWhyInItsStatus() throws Exception {
    Middlebox path = pathTo(new WordsService("a"));
    LivenessOptions brief = QUICK.withPatience(Duration.ofSeconds(2), Duration.ofSeconds(3));
    ManagedChannel channel = loopbackTopology.channel(quick().liveness(brief));
    HeldStream held = HeldStream.follow(channel, "word");
    await().until(() -> held.heard().contains("a"));
    path.forgetFlows();
    beQuiet();
    assertThat(LoopbackTopology.call(channel, WordsService.PLACE))
        .as("new calls don't wait for it")
        .isEqualTo("a");
    assertThat(held.awaitEnd().toString()).contains("UNAVAILABLE").containsPattern("HF-40[0-9]");
  }

  @Test
  void aStreamThatAResetEndsSaysSoInItsStatus() throws Exception {
    Middlebox path = pathTo(new WordsService("a"));
    ManagedChannel channel = loopbackTopology.channel(quick());
    HeldStream held = HeldStream.follow(channel, "word");
    await().until(() -> held.heard().contains("a"));
    path.resetFlows();
    assertThat(held.awaitEnd().toString()).contains("UNAVAILABLE", "HF-409");
  }

  @Test
  void aPeerThatAcceptsAndSaysNothingIsGivenUpInTime() throws Exception {
    try (ServerSocket mute = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      loopbackTopology.store.put(
          LoopbackTopology.WORDS,
          Endpoint.of(new HostPort("127.0.0.1", mute.getLocalPort()).toString()));
      LivenessOptions brief = QUICK.withConnectWithin(Duration.ofMillis(500));
      ManagedChannel channel = loopbackTopology.channel(quick().liveness(brief));
      assertThatThrownBy(() -> LoopbackTopology.call(channel, WordsService.PLACE))
          .hasMessageStartingWith("UNAVAILABLE: HF-401");
    }
  }

  /** Places are the process's: one that stayed taken would be missing for ever. */
  @Test
  void aChannelThatIsClosedWhileItsReplacementFailsGivesThePlaceBack() throws Exception {
    Middlebox path = pathTo(new WordsService("a"));
    LivenessOptions brief = QUICK.withConnectWithin(Duration.ofMillis(500));
    ManagedChannel channel = loopbackTopology.channel(quick().liveness(brief));
    assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
    path.pullOut();
    beQuiet();
    Call call = new Call(channel);
    await().atMost(PATIENCE).until(() -> races("unreachable") > 0);
    // Given back and taken again with each attempt.
    await(call + " waits").atMost(PATIENCE).until(() -> ReplacementLimit.shared().open() > 0);
    channel.shutdownNow();
    await().atMost(PATIENCE).until(() -> ReplacementLimit.shared().open() == 0);
  }

  @Test
  void callsLeaveAnEndpointThatFellSilent() throws Exception {
    List<Middlebox> three = new ArrayList<>();
    for (String name : List.of("a", "b", "c")) {
      three.add(pathTo(new WordsService(name)));
    }
    ManagedChannel channel = loopbackTopology.channel(quick());
    for (int i = 0; i < 30; i++) {
      assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isNotEmpty();
    }
    Middlebox silent = three.get(1);
    long opened = silent.counts().opened();
    silent.forgetFlows();
    silent.faults(PathFaults.builder().loss(RelayDirection.TO_CLIENT, Duration.ZERO).build());
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> {
              var unused = new Call(channel);
              // A suspect gets a replacement, and no call any more.
              return silent.counts().opened() > opened;
            });
    List<Call> later = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      later.add(new Call(channel));
    }
    // One that went to the silent endpoint would have to wait for its end.
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(later).allMatch(call -> call.tookAtMost(SOON.multipliedBy(5))));
  }

  /** One call and when it was answered. */
  private static final class Call {
    final long startNanos = System.nanoTime();
    private volatile long tookNanos = Long.MAX_VALUE;

    Call(ManagedChannel channel) {
      ClientCalls.asyncUnaryCall(
          channel.newCall(
              WordsService.PLACE, CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS)),
          "word",
          new StreamObserver<>() {
            @Override
            public void onNext(String word) {}

            @Override
            public void onError(Throwable t) {}

            @Override
            public void onCompleted() {
              tookNanos = System.nanoTime() - startNanos;
            }
          });
    }

    @Override
    public String toString() {
      return TimeUnit.NANOSECONDS.toMillis(tookNanos) + "ms";
    }

    boolean tookAtMost(Duration most) {
      return tookNanos <= most.toNanos();
    }
  }

  private Middlebox pathTo(WordsService wordsService) throws Exception {
    return pathTo(
        loopbackTopology.serveUnregistered(wordsService, loopbackTopology.server()).getPort());
  }

  /** A path to a port, and what is registered is the way through it. */
  private Middlebox pathTo(int port) {
    Middlebox path = Middlebox.toPort(port).start();
    paths.add(path);
    loopbackTopology.store.put(
        LoopbackTopology.WORDS, Endpoint.of(new HostPort("127.0.0.1", path.port()).toString()));
    return path;
  }

  private HoldfastChannelBuilder quick() {
    return loopbackTopology.builder().retryIdempotent(false).liveness(QUICK);
  }

  private static void beQuiet() {
    long startNanos = System.nanoTime();
    await().until(() -> System.nanoTime() - startNanos > SAFE_IDLE.plusMillis(200).toNanos());
  }

  private double races(String outcome) {
    var counter =
        loopbackTopology
            .meters
            .find("holdfast.grpc.replacements")
            .tag("outcome", outcome)
            .counter();
    return counter == null ? 0 : counter.count();
  }
}
