package dev.holdfast.grpc.internal.pairing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.grpc.FakeConnection;
import dev.holdfast.grpc.FakeLivenessHandler;
import dev.holdfast.grpc.HeldStream;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.LoopbackTopology;
import dev.holdfast.grpc.WordsService;
import dev.holdfast.liveness.ReplacementState;
import io.grpc.ConnectivityState;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pairs under real channels, for each way to name the policy. */
@Execution(ExecutionMode.CONCURRENT)
class PairingLoadBalancerProvidersTest {
  /** Lets ring_hash take its hash from a header, as it must without xDS; read at each parsing. */
  private static final String RING_HASH_HEADER = "GRPC_EXPERIMENTAL_RING_HASH_SET_REQUEST_HASH_KEY";

  private static final int CALLS = 200;

  private final LoopbackTopology loopbackTopology = new LoopbackTopology();
  private final FakeLivenessHandler fakeLivenessHandler = new FakeLivenessHandler();

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"holdfast", "round_robin", "pick_first", "weighted_round_robin"})
  void aReplacementTakesNewCallsAndTheOldConnectionKeepsItsStream(String policy) throws Exception {
    WordsService wordsService = new WordsService("a");
    loopbackTopology.serve(wordsService);
    raceUnderCalls(
        loopbackTopology.channel(watched(loopbackTopology.builder().loadBalancing(policy))));
  }

  @Test
  void aPolicyOfTheServiceConfigIsPairedToo() throws Exception {
    loopbackTopology.serve(new WordsService("a"));
    Map<String, Object> config =
        Map.of("loadBalancingConfig", List.of(Map.of("round_robin", Map.of())));
    raceUnderCalls(
        loopbackTopology.channel(watched(loopbackTopology.builder().defaultServiceConfig(config))));
  }

  /** All that grpc-util and grpc-xds bring and a service config can name without xDS. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "ring_hash_experimental",
        "least_request_experimental",
        "random_subsetting_experimental"
      })
  void experimentalPoliciesOfTheServiceConfigArePairedToo(String policy) throws Exception {
    System.setProperty(RING_HASH_HEADER, "true");
    // Receivers that need none of these ignore them.
    Map<String, Object> settings =
        Map.of(
            "requestHashHeader",
            "word",
            "subsetSize",
            2.0,
            "childPolicy",
            List.of(Map.of("round_robin", Map.of())));
    loopbackTopology.serve(new WordsService("a"));
    Map<String, Object> config = Map.of("loadBalancingConfig", List.of(Map.of(policy, settings)));
    raceUnderCalls(
        loopbackTopology.channel(watched(loopbackTopology.builder().defaultServiceConfig(config))));
    assertThat(fakeLivenessHandler.fakeWatchedConnections)
        .as("one connection and its replacement")
        .hasSize(2);
  }

  @Test
  void aTreeOfPoliciesIsPairedOnce() throws Exception {
    loopbackTopology.serve(new WordsService("a"));
    Map<String, Object> outlier =
        Map.of(
            "successRateEjection",
            Map.of(),
            "childPolicy",
            List.of(Map.of("round_robin", Map.of())));
    Map<String, Object> config =
        Map.of("loadBalancingConfig", List.of(Map.of("outlier_detection_experimental", outlier)));
    raceUnderCalls(
        loopbackTopology.channel(watched(loopbackTopology.builder().defaultServiceConfig(config))));
    assertThat(fakeLivenessHandler.fakeWatchedConnections)
        .as("one connection and its replacement")
        .hasSize(2);
  }

  /** The watch of a health service is a stream too: if it stayed, the loser would never end. */
  @Test
  void aHealthWatchMovesToTheReplacementSoThatTheOldConnectionEnds() throws Exception {
    loopbackTopology.serve(new WordsService("a"));
    Map<String, Object> config =
        Map.of(
            "healthCheckConfig",
            Map.of("serviceName", ""),
            "loadBalancingConfig",
            List.of(Map.of("round_robin", Map.of())));
    ManagedChannel channel =
        loopbackTopology.channel(watched(loopbackTopology.builder().defaultServiceConfig(config)));
    assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
    FakeLivenessHandler.FakeWatchedConnection old = fakeLivenessHandler.post(0);
    old.suspect();
    await().until(() -> old.connection().replacements.contains(ReplacementState.READY));
    assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
    await().atMost(Duration.ofSeconds(60)).until(() -> !old.channel().isActive());
    assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
    assertThat(fakeLivenessHandler.fakeWatchedConnections).hasSize(2);
  }

  @Test
  void aConnectionThatSpeaksFirstIsKeptAndNobodyNotices() throws Exception {
    loopbackTopology.serve(new WordsService("a"));
    loopbackTopology.serve(new WordsService("b"));
    ManagedChannel channel = loopbackTopology.channel(watched(loopbackTopology.builder()));
    await().until(() -> reached(channel).size() == 2);
    FakeLivenessHandler.FakeWatchedConnection first = fakeLivenessHandler.post(0);
    // Its replacement must not be the quicker one.
    fakeLivenessHandler.holdBackNewConnections();
    first.suspect();
    first.speak();
    await().until(() -> first.connection().replacements.contains(ReplacementState.DROPPED));
    await().until(() -> reached(channel).size() == 2);
  }

  @Test
  void newCallsAvoidASuspectEndpointAtOnce() throws Exception {
    HoldfastServer gone = loopbackTopology.serve(new WordsService("gone"));
    loopbackTopology.serve(new WordsService("there"));
    ManagedChannel channel = loopbackTopology.channel(watched(loopbackTopology.builder()));
    await().until(() -> reached(channel).size() == 2);
    FakeLivenessHandler.FakeWatchedConnection suspect =
        fakeLivenessHandler.fakeWatchedConnections.stream()
            .filter(p -> p.connection().remoteAddress().toString().endsWith(":" + gone.getPort()))
            .findFirst()
            .orElseThrow();
    // The replacement would be ready in a moment, so nothing must listen any more.
    gone.shutdown();
    suspect.suspect();
    await().until(() -> reached(channel).equals(Set.of("there")));
  }

  @Test
  void idleModeDropsBothAndTheNextCallConnectsAnew() throws Exception {
    loopbackTopology.serve(new WordsService("a"));
    ManagedChannel channel = loopbackTopology.channel(watched(loopbackTopology.builder()));
    assertThat(LoopbackTopology.call(channel, WordsService.GET)).isEqualTo("a");
    fakeLivenessHandler.post(0).suspect();
    channel.enterIdle();
    await().until(() -> channel.getState(false) == ConnectivityState.IDLE);
    assertThat(LoopbackTopology.call(channel, WordsService.GET)).isEqualTo("a");
    await()
        .until(
            () ->
                fakeLivenessHandler.fakeWatchedConnections.stream()
                        .filter(p -> p.channel().isActive())
                        .count()
                    == 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"holdfast", "round_robin", "pick_first"})
  void theFirstCallOnAQuietConnectionGoesOutOnceItHasProvenItself(String policy) throws Exception {
    loopbackTopology.serve(new WordsService("a"));
    ManagedChannel channel =
        loopbackTopology.channel(watched(loopbackTopology.builder().loadBalancing(policy)));
    assertThat(LoopbackTopology.call(channel, WordsService.GET)).isEqualTo("a");
    FakeConnection only = fakeLivenessHandler.post(0).connection();
    only.awake = true;
    only.stale = true;
    assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
    assertThat(only.proofsAsked).hasValue(1);
    assertThat(fakeLivenessHandler.fakeWatchedConnections).as("no second connection").hasSize(1);
  }

  @Test
  void theFirstCallOnADeadConnectionGoesToAReplacementWithoutAnError() throws Exception {
    loopbackTopology.serve(new WordsService("a"));
    ManagedChannel channel = loopbackTopology.channel(watched(loopbackTopology.builder()));
    assertThat(LoopbackTopology.call(channel, WordsService.GET)).isEqualTo("a");
    FakeConnection dead = fakeLivenessHandler.post(0).connection();
    dead.stale = true;
    assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
    assertThat(dead.replacements)
        .containsExactly(ReplacementState.CONNECTING, ReplacementState.READY);
  }

  @Test
  void aChannelOfStockGrpcIsLeftAlone() throws Exception {
    HoldfastServer server = loopbackTopology.serve(new WordsService("a"));
    loopbackTopology.channel(watched(loopbackTopology.builder()));
    ManagedChannel stock =
        loopbackTopology.keep(
            Grpc.newChannelBuilder(
                    "127.0.0.1:" + server.getPort(), InsecureChannelCredentials.create())
                .defaultLoadBalancingPolicy("round_robin")
                .build());
    assertThat(LoopbackTopology.call(stock, WordsService.GET)).isEqualTo("a");
    assertThat(fakeLivenessHandler.fakeWatchedConnections).isEmpty();
  }

  @Test
  void aChannelWithoutLivenessHasNoPairs() throws Exception {
    loopbackTopology.serve(new WordsService("a"));
    ManagedChannel channel =
        loopbackTopology.channel(watched(loopbackTopology.builder()).withoutLiveness());
    assertThat(LoopbackTopology.call(channel, WordsService.GET)).isEqualTo("a");
    assertThat(fakeLivenessHandler.fakeWatchedConnections).isEmpty();
  }

  private void raceUnderCalls(ManagedChannel channel) throws Exception {
    assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
    HeldStream held = HeldStream.follow(channel, "deaf");
    await().until(() -> held.heard().equals(List.of("a")));
    FakeLivenessHandler.FakeWatchedConnection old = fakeLivenessHandler.post(0);
    for (int i = 0; i < CALLS; i++) {
      if (i == CALLS / 2) {
        old.suspect();
      }
      assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
    }
    FakeLivenessHandler.FakeWatchedConnection replacement = fakeLivenessHandler.post(1);
    await().until(() -> old.connection().replacements.contains(ReplacementState.READY));
    assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
    assertThat(old.channel().isActive()).as("a stream is on it").isTrue();
    assertThat(replacement.channel().isActive()).isTrue();
    assertThat(held.isOpen()).isTrue();
  }

  private HoldfastChannelBuilder watched(HoldfastChannelBuilder builder) {
    return builder.configureNetty(fakeLivenessHandler::stand);
  }

  private static Set<String> reached(ManagedChannel channel) {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < 10; i++) {
      names.add(LoopbackTopology.call(channel, WordsService.GET));
    }
    return names;
  }
}
