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
  private final LoopbackTopology loopbackTopology = new LoopbackTopology();

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @Test
  void callsReachEveryInstanceIncludingOneThatJoins() throws Exception {
    loopbackTopology.serve(new WordsService("a"));
    loopbackTopology.serve(new WordsService("b"));
    ManagedChannel channel = loopbackTopology.channel();
    // The first calls go to whichever is connected first.
    await().until(() -> reached(channel, 20).equals(Set.of("a", "b")));
    loopbackTopology.serve(new WordsService("c"));
    await().atMost(Duration.ofSeconds(30)).until(() -> reached(channel, 4).contains("c"));
  }

  @Test
  void theEnvironmentNamesTheRegistry() throws Exception {
    loopbackTopology.serve(new WordsService("a"));
    ManagedChannel channel =
        loopbackTopology.channel(
            HoldfastChannelBuilder.forTarget(
                "holdfast:///words",
                InsecureChannelCredentials.create(),
                loopbackTopology.registries));
    assertThat(LoopbackTopology.call(channel, WordsService.GET)).isEqualTo("a");
    assertThat(channel.authority()).isEqualTo("words");
  }

  @Test
  void everyPolicyOfGrpcCanBeNamed() throws Exception {
    loopbackTopology.serve(new WordsService("a"));
    for (String policy : List.of("round_robin", "pick_first", "holdfast")) {
      ManagedChannel channel =
          loopbackTopology.channel(loopbackTopology.builder().loadBalancing(policy));
      assertThat(LoopbackTopology.call(channel, WordsService.GET)).isEqualTo("a");
    }
  }

  @Test
  void aServiceConfigMayNameThePolicyToo() throws Exception {
    loopbackTopology.serve(new WordsService("a"));
    Map<String, Object> config =
        Map.of(
            "loadBalancingConfig",
            List.of(Map.of("holdfast", Map.of("zone", "z", "slowStart", "1s"))));
    ManagedChannel channel =
        loopbackTopology.channel(loopbackTopology.builder().defaultServiceConfig(config));
    assertThat(LoopbackTopology.call(channel, WordsService.GET)).isEqualTo("a");
  }

  @Test
  void ownZoneIsPreferred() throws Exception {
    loopbackTopology.serve(new WordsService("near"), loopbackTopology.server().zone("z1"));
    loopbackTopology.serve(new WordsService("far"), loopbackTopology.server().zone("z2"));
    ManagedChannel channel = loopbackTopology.channel(loopbackTopology.builder().zone("z1"));
    await().until(() -> reached(channel, 10).equals(Set.of("near")));
  }

  @Test
  void idleModeClosesTheWatchAndTheNextCallOpensItAgain() throws Exception {
    loopbackTopology.serve(new WordsService("a"));
    ManagedChannel channel = loopbackTopology.channel();
    assertThat(LoopbackTopology.call(channel, WordsService.GET)).isEqualTo("a");
    channel.enterIdle();
    await().until(() -> channel.getState(false) == ConnectivityState.IDLE);
    assertThat(LoopbackTopology.call(channel, WordsService.GET)).isEqualTo("a");
  }

  @Test
  void aRegistryThatGoesAwayCostsNoCall() throws Exception {
    loopbackTopology.serve(new WordsService("a"));
    ManagedChannel channel = loopbackTopology.channel();
    assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
    loopbackTopology.store.stop();
    for (int i = 0; i < 50; i++) {
      assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
    }
  }

  @Test
  void aServiceNobodyServesIsNamedInTheError() {
    assertThatThrownBy(() -> LoopbackTopology.call(loopbackTopology.channel(), WordsService.PLACE))
        .hasMessageContaining("UNAVAILABLE: HF-202")
        .hasMessageContaining("memory:///test/words");
  }

  @Test
  void aPlainTargetOfStockGrpcWorksWithThePolicy() throws Exception {
    HoldfastServer server =
        loopbackTopology.serveUnregistered(new WordsService("a"), loopbackTopology.server());
    ManagedChannel channel =
        loopbackTopology.channel(
            HoldfastChannelBuilder.forTarget(
                "127.0.0.1:" + server.getPort(),
                InsecureChannelCredentials.create(),
                loopbackTopology.registries));
    assertThat(LoopbackTopology.call(channel, WordsService.GET)).isEqualTo("a");
  }

  @Test
  void settingsThatMakeNoSenseAreRefused() {
    HoldfastChannelBuilder builder = loopbackTopology.builder();
    assertThatThrownBy(() -> builder.loadBalancing("round_robbin"))
        .hasMessage("loadBalancing: \"round_robbin\" (expected: round_robin)");
    assertThatThrownBy(() -> builder.slowStart(Duration.ofHours(2)))
        .hasMessage("slowStart: 2h (expected: 0s to 1h)");
    assertThatThrownBy(
            () -> loopbackTopology.builder().zone("a").loadBalancing("round_robin").build())
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
    assertThatThrownBy(() -> loopbackTopology.builder().defaultServiceConfig(config).build())
        .hasStackTraceContaining("zoen");
  }

  @Test
  void oneBuilderBuildsOneChannel() {
    HoldfastChannelBuilder builder = loopbackTopology.builder();
    loopbackTopology.channel(builder);
    assertThatThrownBy(builder::build).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aChannelIsClosedWhileItWaitsForAListWithoutATrace() {
    loopbackTopology.store.stop();
    ManagedChannel channel = loopbackTopology.channel();
    assertThat(channel.getState(true)).isIn(ConnectivityState.IDLE, ConnectivityState.CONNECTING);
    channel.shutdownNow();
    assertThatCode(() -> channel.awaitTermination(30, TimeUnit.SECONDS)).doesNotThrowAnyException();
    assertThat(channel.isTerminated()).isTrue();
    loopbackTopology.store.put(LoopbackTopology.WORDS, Endpoint.of("127.0.0.1:1"));
  }

  private HoldfastChannelBuilder builder(String target) {
    return HoldfastChannelBuilder.forTarget(
        target, InsecureChannelCredentials.create(), loopbackTopology.registries);
  }

  private static Set<String> reached(ManagedChannel channel, int calls) {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < calls; i++) {
      names.add(LoopbackTopology.call(channel, WordsService.GET));
    }
    return names;
  }
}
