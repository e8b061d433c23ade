package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.liveness.TwinState;
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

/** Pairs under real channels, whoever names the policy. */
@Execution(ExecutionMode.CONCURRENT)
class PairedPoliciesTest {
  /** Lets ring_hash take its hash from a header, as it must without xDS; read at each parsing. */
  private static final String RING_HASH_HEADER = "GRPC_EXPERIMENTAL_RING_HASH_SET_REQUEST_HASH_KEY";

  private static final int CALLS = 200;

  private final Town town = new Town();
  private final Watchman watchman = new Watchman();

  @AfterEach
  void close() {
    town.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"holdfast", "round_robin", "pick_first", "weighted_round_robin"})
  void aTwinTakesNewCallsAndTheOldConnectionKeepsItsStream(String policy) throws Exception {
    Words words = new Words("a");
    town.serve(words);
    raceUnderCalls(town.channel(watched(town.builder().loadBalancing(policy))));
  }

  @Test
  void aPolicyOfTheServiceConfigIsPairedToo() throws Exception {
    town.serve(new Words("a"));
    Map<String, Object> config =
        Map.of("loadBalancingConfig", List.of(Map.of("round_robin", Map.of())));
    raceUnderCalls(town.channel(watched(town.builder().defaultServiceConfig(config))));
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
    // Whoever needs none of these overlooks them.
    Map<String, Object> settings =
        Map.of(
            "requestHashHeader",
            "word",
            "subsetSize",
            2.0,
            "childPolicy",
            List.of(Map.of("round_robin", Map.of())));
    town.serve(new Words("a"));
    Map<String, Object> config = Map.of("loadBalancingConfig", List.of(Map.of(policy, settings)));
    raceUnderCalls(town.channel(watched(town.builder().defaultServiceConfig(config))));
    assertThat(watchman.posts).as("one connection and its twin").hasSize(2);
  }

  @Test
  void aTreeOfPoliciesIsPairedOnce() throws Exception {
    town.serve(new Words("a"));
    Map<String, Object> outlier =
        Map.of(
            "successRateEjection",
            Map.of(),
            "childPolicy",
            List.of(Map.of("round_robin", Map.of())));
    Map<String, Object> config =
        Map.of("loadBalancingConfig", List.of(Map.of("outlier_detection_experimental", outlier)));
    raceUnderCalls(town.channel(watched(town.builder().defaultServiceConfig(config))));
    assertThat(watchman.posts).as("one connection and its twin").hasSize(2);
  }

  /** The watch of a health service is a stream too: if it stayed, the loser would never end. */
  @Test
  void aHealthWatchMovesToTheTwinSoThatTheOldConnectionEnds() throws Exception {
    town.serve(new Words("a"));
    Map<String, Object> config =
        Map.of(
            "healthCheckConfig",
            Map.of("serviceName", ""),
            "loadBalancingConfig",
            List.of(Map.of("round_robin", Map.of())));
    ManagedChannel channel = town.channel(watched(town.builder().defaultServiceConfig(config)));
    assertThat(Town.call(channel, Words.PLACE)).isEqualTo("a");
    Watchman.Post old = watchman.post(0);
    old.suspect();
    await().until(() -> old.connection().twins.contains(TwinState.READY));
    assertThat(Town.call(channel, Words.PLACE)).isEqualTo("a");
    await().atMost(Duration.ofSeconds(20)).until(() -> !old.channel().isActive());
    assertThat(Town.call(channel, Words.PLACE)).isEqualTo("a");
    assertThat(watchman.posts).hasSize(2);
  }

  @Test
  void aConnectionThatSpeaksFirstIsKeptAndNobodyNotices() throws Exception {
    town.serve(new Words("a"));
    town.serve(new Words("b"));
    ManagedChannel channel = town.channel(watched(town.builder()));
    await().until(() -> reached(channel).size() == 2);
    Watchman.Post first = watchman.post(0);
    // Its twin must not be the quicker one.
    watchman.holdBackNewConnections();
    first.suspect();
    first.speak();
    await().until(() -> first.connection().twins.contains(TwinState.DROPPED));
    await().until(() -> reached(channel).size() == 2);
  }

  @Test
  void newCallsAvoidASuspectEndpointAtOnce() throws Exception {
    HoldfastServer gone = town.serve(new Words("gone"));
    town.serve(new Words("there"));
    ManagedChannel channel = town.channel(watched(town.builder()));
    await().until(() -> reached(channel).size() == 2);
    Watchman.Post suspect =
        watchman.posts.stream()
            .filter(p -> p.connection().remoteAddress().toString().endsWith(":" + gone.getPort()))
            .findFirst()
            .orElseThrow();
    // The twin would be ready in a moment, so nothing must listen any more.
    gone.shutdown();
    suspect.suspect();
    await().until(() -> reached(channel).equals(Set.of("there")));
  }

  @Test
  void idleModeDropsBothAndTheNextCallConnectsAnew() throws Exception {
    town.serve(new Words("a"));
    ManagedChannel channel = town.channel(watched(town.builder()));
    assertThat(Town.call(channel, Words.GET)).isEqualTo("a");
    watchman.post(0).suspect();
    channel.enterIdle();
    await().until(() -> channel.getState(false) == ConnectivityState.IDLE);
    assertThat(Town.call(channel, Words.GET)).isEqualTo("a");
    await().until(() -> watchman.posts.stream().filter(p -> p.channel().isActive()).count() == 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"holdfast", "round_robin", "pick_first"})
  void theFirstCallOnAQuietConnectionGoesOutOnceItHasProvenItself(String policy) throws Exception {
    town.serve(new Words("a"));
    ManagedChannel channel = town.channel(watched(town.builder().loadBalancing(policy)));
    assertThat(Town.call(channel, Words.GET)).isEqualTo("a");
    FakeConnection only = watchman.post(0).connection();
    only.awake = true;
    only.stale = true;
    assertThat(Town.call(channel, Words.PLACE)).isEqualTo("a");
    assertThat(only.proofsAsked).hasValue(1);
    assertThat(watchman.posts).as("no second connection").hasSize(1);
  }

  @Test
  void theFirstCallOnADeadConnectionGoesToATwinWithoutAnError() throws Exception {
    town.serve(new Words("a"));
    ManagedChannel channel = town.channel(watched(town.builder()));
    assertThat(Town.call(channel, Words.GET)).isEqualTo("a");
    FakeConnection dead = watchman.post(0).connection();
    dead.stale = true;
    assertThat(Town.call(channel, Words.PLACE)).isEqualTo("a");
    assertThat(dead.twins).containsExactly(TwinState.CONNECTING, TwinState.READY);
  }

  @Test
  void aChannelOfStockGrpcIsLeftAlone() throws Exception {
    HoldfastServer server = town.serve(new Words("a"));
    town.channel(watched(town.builder()));
    ManagedChannel stock =
        town.keep(
            Grpc.newChannelBuilder(
                    "127.0.0.1:" + server.getPort(), InsecureChannelCredentials.create())
                .defaultLoadBalancingPolicy("round_robin")
                .build());
    assertThat(Town.call(stock, Words.GET)).isEqualTo("a");
    assertThat(watchman.posts).isEmpty();
  }

  @Test
  void aChannelWithoutLivenessHasNoPairs() throws Exception {
    town.serve(new Words("a"));
    ManagedChannel channel = town.channel(watched(town.builder()).withoutLiveness());
    assertThat(Town.call(channel, Words.GET)).isEqualTo("a");
    assertThat(watchman.posts).isEmpty();
  }

  private void raceUnderCalls(ManagedChannel channel) throws Exception {
    assertThat(Town.call(channel, Words.PLACE)).isEqualTo("a");
    HeldStream held = HeldStream.follow(channel, "deaf");
    await().until(() -> held.heard().equals(List.of("a")));
    Watchman.Post old = watchman.post(0);
    for (int i = 0; i < CALLS; i++) {
      if (i == CALLS / 2) {
        old.suspect();
      }
      assertThat(Town.call(channel, Words.PLACE)).isEqualTo("a");
    }
    Watchman.Post twin = watchman.post(1);
    await().until(() -> old.connection().twins.contains(TwinState.READY));
    assertThat(Town.call(channel, Words.PLACE)).isEqualTo("a");
    assertThat(old.channel().isActive()).as("a stream is on it").isTrue();
    assertThat(twin.channel().isActive()).isTrue();
    assertThat(held.isOpen()).isTrue();
  }

  private HoldfastChannelBuilder watched(HoldfastChannelBuilder builder) {
    return builder.configureNetty(watchman::stand);
  }

  private static Set<String> reached(ManagedChannel channel) {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < 10; i++) {
      names.add(Town.call(channel, Words.GET));
    }
    return names;
  }
}
