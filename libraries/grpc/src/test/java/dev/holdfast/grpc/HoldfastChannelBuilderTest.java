package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import io.grpc.ConnectivityState;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HoldfastChannelBuilderTest {
  private final Town town = new Town();

  @AfterEach
  void close() {
    town.close();
  }

  @Test
  void callsReachEveryInstanceIncludingOneThatJoins() throws Exception {
    town.serve(new Words("a"));
    town.serve(new Words("b"));
    ManagedChannel channel = town.channel();
    // The first calls go to whichever is connected first.
    await().until(() -> reached(channel, 20).equals(Set.of("a", "b")));
    town.serve(new Words("c"));
    await().atMost(Duration.ofSeconds(30)).until(() -> reached(channel, 4).contains("c"));
  }

  @Test
  void theEnvironmentNamesTheRegistry() throws Exception {
    town.serve(new Words("a"));
    ManagedChannel channel =
        town.channel(
            HoldfastChannelBuilder.forTarget(
                "holdfast:///words", InsecureChannelCredentials.create(), town.registries));
    assertThat(Town.call(channel, Words.GET)).isEqualTo("a");
    assertThat(channel.authority()).isEqualTo("words");
  }

  @Test
  void everyPolicyOfGrpcCanBeNamed() throws Exception {
    town.serve(new Words("a"));
    for (String policy : List.of("round_robin", "pick_first", "holdfast")) {
      ManagedChannel channel = town.channel(town.builder().loadBalancing(policy));
      assertThat(Town.call(channel, Words.GET)).isEqualTo("a");
    }
  }

  @Test
  void aServiceConfigMayNameThePolicyToo() throws Exception {
    town.serve(new Words("a"));
    Map<String, Object> config =
        Map.of(
            "loadBalancingConfig",
            List.of(Map.of("holdfast", Map.of("zone", "z", "slowStart", "1s"))));
    ManagedChannel channel = town.channel(town.builder().defaultServiceConfig(config));
    assertThat(Town.call(channel, Words.GET)).isEqualTo("a");
  }

  @Test
  void ownZoneIsPreferred() throws Exception {
    town.serve(new Words("near"), town.server().zone("z1"));
    town.serve(new Words("far"), town.server().zone("z2"));
    ManagedChannel channel = town.channel(town.builder().zone("z1"));
    await().until(() -> reached(channel, 10).equals(Set.of("near")));
  }

  @Test
  void idleModeClosesTheWatchAndTheNextCallOpensItAgain() throws Exception {
    town.serve(new Words("a"));
    ManagedChannel channel = town.channel();
    assertThat(Town.call(channel, Words.GET)).isEqualTo("a");
    channel.enterIdle();
    await().until(() -> channel.getState(false) == ConnectivityState.IDLE);
    assertThat(Town.call(channel, Words.GET)).isEqualTo("a");
  }

  @Test
  void aRegistryThatGoesAwayCostsNoCall() throws Exception {
    town.serve(new Words("a"));
    ManagedChannel channel = town.channel();
    assertThat(Town.call(channel, Words.PLACE)).isEqualTo("a");
    town.store.stop();
    for (int i = 0; i < 50; i++) {
      assertThat(Town.call(channel, Words.PLACE)).isEqualTo("a");
    }
  }

  @Test
  void aServiceNobodyServesIsNamedInTheError() {
    assertThatThrownBy(() -> Town.call(town.channel(), Words.PLACE))
        .hasMessageContaining("UNAVAILABLE: HF-202")
        .hasMessageContaining("memory:///test/words");
  }

  @Test
  void aPlainTargetOfStockGrpcWorksWithThePolicy() throws Exception {
    HoldfastServer server = town.serveUnregistered(new Words("a"), town.server());
    ManagedChannel channel =
        town.channel(
            HoldfastChannelBuilder.forTarget(
                "127.0.0.1:" + server.getPort(),
                InsecureChannelCredentials.create(),
                town.registries));
    assertThat(Town.call(channel, Words.GET)).isEqualTo("a");
  }

  @Test
  void settingsThatMakeNoSenseAreRefused() {
    HoldfastChannelBuilder builder = town.builder();
    assertThatThrownBy(() -> builder.loadBalancing("round_robbin"))
        .hasMessage("loadBalancing: \"round_robbin\" (expected: round_robin)");
    assertThatThrownBy(() -> builder.slowStart(Duration.ofHours(2)))
        .hasMessage("slowStart: 2h (expected: 0s to 1h)");
    assertThatThrownBy(() -> town.builder().zone("a").loadBalancing("round_robin").build())
        .hasMessageContaining("zone: set beside another policy");
    assertThatThrownBy(() -> builder("etcd://h/prod/orders")).hasMessageContaining("\"etcd\"");
    assertThatThrownBy(() -> builder("memory:///")).hasMessageContaining("expected: a service");
    assertThatThrownBy(() -> builder("memory://h1:1,h2:2/a/b"))
        .hasMessageContaining("?endpoints=h2:2");
    assertThatThrownBy(() -> builder("memory:///words?tll=5s")).hasMessageContaining("tll");
  }

  @Test
  void aPolicyInTheServiceConfigThatIsMalformedIsAnErrorOfBuild() {
    Map<String, Object> config =
        Map.of("loadBalancingConfig", List.of(Map.of("holdfast", Map.of("zoen", "z"))));
    assertThatThrownBy(() -> town.builder().defaultServiceConfig(config).build())
        .hasStackTraceContaining("zoen");
  }

  @Test
  void oneBuilderBuildsOneChannel() {
    HoldfastChannelBuilder builder = town.builder();
    town.channel(builder);
    assertThatThrownBy(builder::build).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aChannelIsClosedWhileItWaitsForAListWithoutATrace() {
    town.store.stop();
    ManagedChannel channel = town.channel();
    assertThat(channel.getState(true)).isIn(ConnectivityState.IDLE, ConnectivityState.CONNECTING);
    channel.shutdownNow();
    assertThatCode(() -> channel.awaitTermination(30, TimeUnit.SECONDS)).doesNotThrowAnyException();
    assertThat(channel.isTerminated()).isTrue();
    town.store.put(Town.WORDS, Endpoint.of("127.0.0.1:1"));
  }

  private HoldfastChannelBuilder builder(String target) {
    return HoldfastChannelBuilder.forTarget(
        target, InsecureChannelCredentials.create(), town.registries);
  }

  private static Set<String> reached(ManagedChannel channel, int calls) {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < calls; i++) {
      names.add(Town.call(channel, Words.GET));
    }
    return names;
  }
}
