package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.discovery.Registries;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class HoldfastServerTest {
  private final LoopbackTopology loopbackTopology = new LoopbackTopology();

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @Test
  void announcesWhatWasSaid() throws Exception {
    HoldfastServer server =
        loopbackTopology.serve(
            new WordsService("a"),
            loopbackTopology
                .server()
                .advertise("10.9.8.7:1234")
                .zone("z1")
                .weight(7)
                .metadata("version", "2"));
    Endpoint endpoint = loopbackTopology.store.truth(LoopbackTopology.WORDS).endpoints().get(0);
    assertThat(endpoint.address()).isEqualTo(HostPort.parse("10.9.8.7:1234"));
    assertThat(endpoint.zone()).isEqualTo("z1");
    assertThat(endpoint.weight()).isEqualTo(7);
    assertThat(endpoint.metadata()).containsEntry("version", "2");
    assertThat(server.registration().address()).contains(HostPort.parse("10.9.8.7:1234"));
    assertThat(server.registration().state()).isEqualTo(RegistrationState.VISIBLE);
  }

  @Test
  void leavesInTheOrderThatCostsNoCall() throws Exception {
    HoldfastServer server =
        loopbackTopology.serve(
            new WordsService("a"),
            loopbackTopology
                .server()
                .drain(DrainOptions.DEFAULT.withSpread(Duration.ofSeconds(8))));
    ManagedChannel direct = direct(server);
    List<ServingStatus> health = watchHealth(direct);
    await().until(() -> health.equals(List.of(ServingStatus.SERVING)));
    server.shutdown();
    assertThat(server.isShutdown()).isTrue();
    await().until(() -> loopbackTopology.store.truth(LoopbackTopology.WORDS).isEmpty());
    assertThat(LoopbackTopology.call(direct, WordsService.PLACE))
        .as("still served while it spreads")
        .isEqualTo("a");
    assertThat(server.state())
        .isIn(HoldfastServer.ServerState.WITHDRAWING, HoldfastServer.ServerState.SPREADING);
    await()
        .untilAsserted(
            () ->
                assertThat(health)
                    .containsExactly(ServingStatus.SERVING, ServingStatus.NOT_SERVING));
    direct.shutdownNow();
    assertThat(server.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    assertThat(server.state()).isEqualTo(HoldfastServer.ServerState.TERMINATED);
  }

  @Test
  void aRegistryThatIsAwayNeitherStopsTheServerFromServingNorFromStopping() throws Exception {
    loopbackTopology.store.stop();
    HoldfastServer server =
        loopbackTopology.serveRegistered(
            new WordsService("a"),
            loopbackTopology
                .server()
                .drain(DrainOptions.DEFAULT.withSpread(Duration.ofMillis(100))));
    assertThat(LoopbackTopology.call(direct(server), WordsService.PLACE)).isEqualTo("a");
    await().until(() -> server.registration().state() == RegistrationState.WAITING);
    // It is noted behind the state, on another thread.
    await().until(() -> server.registration().lastFailure().isPresent());
    loopbackTopology.store.start();
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> server.registration().state() == RegistrationState.VISIBLE);
    await().until(() -> server.registration().lastFailure().isEmpty());
    loopbackTopology.store.stop();
    server.shutdown();
    assertThat(server.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aDeafStreamIsCutAtTheEndOfTheGraceTime() throws Exception {
    HoldfastServer server =
        loopbackTopology.serve(
            new WordsService("a"),
            loopbackTopology
                .server()
                .drain(
                    DrainOptions.DEFAULT
                        .withSpread(Duration.ofMillis(50))
                        .withGrace(Duration.ofMillis(300))));
    HeldStream held = HeldStream.follow(loopbackTopology.channel(), "deaf");
    await().until(() -> held.heard().contains("a"));
    server.shutdown();
    assertThat(held.awaitEnd().getCode())
        .as("what grpc-java's shutdownNow makes of it, by the moment")
        .isIn(Status.Code.CANCELLED, Status.Code.UNAVAILABLE);
    assertThat(server.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    assertThat(
            loopbackTopology.meters.get("holdfast.grpc.server.calls.cancelled").counter().count())
        .isEqualTo(1);
  }

  @Test
  void shutdownNowIsPromptAndRemovesTheRecord() throws Exception {
    HoldfastServer server = loopbackTopology.serve(new WordsService("a"));
    HeldStream held = HeldStream.follow(loopbackTopology.channel(), "deaf");
    await().until(() -> held.heard().contains("a"));
    server.shutdownNow();
    // Without a word to the stream, which is deaf and would be waited for as long as grace is.
    assertThat(server.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
    await().until(() -> loopbackTopology.store.truth(LoopbackTopology.WORDS).isEmpty());
  }

  @Test
  void theGaugeGoesWithTheServerThoughNobodyAwaitsItsEnd() throws Exception {
    HoldfastServer orderly = loopbackTopology.serve(new WordsService("a"));
    HoldfastServer cut = loopbackTopology.serve(new WordsService("b"));
    assertThat(loopbackTopology.meters.find("holdfast.grpc.server.state").gauges()).hasSize(2);
    orderly.shutdown();
    cut.shutdownNow();
    await()
        .until(() -> loopbackTopology.meters.find("holdfast.grpc.server.state").gauges().isEmpty());
  }

  @Test
  void shutdownTwiceIsShutdownOnce() throws Exception {
    HoldfastServer server = loopbackTopology.serve(new WordsService("a"));
    server.shutdown().shutdown();
    assertThat(server.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    assertThat(server.shutdown().shutdownNow().isTerminated()).isTrue();
  }

  @Test
  void aServerThatWasNeverStartedStopsAtOnce() throws Exception {
    HoldfastServer server =
        loopbackTopology.server().addService(new WordsService("a").definition()).build();
    server.shutdown();
    assertThat(server.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void anIpv6AddressIsAnnouncedAndReached() throws Exception {
    byte[] one = new byte[16];
    one[15] = 1;
    InetAddress loopback6 = InetAddress.getByAddress(one);
    Assumptions.assumeTrue(canBind(loopback6), "no IPv6 here");
    HoldfastServer server =
        loopbackTopology.serve(
            new WordsService("six"),
            HoldfastServerBuilder.forAddress(
                    new InetSocketAddress(loopback6, 0), InsecureServerCredentials.create())
                .registries(loopbackTopology.registries)
                .advertise("::1"));
    assertThat(server.registration().address())
        .contains(HostPort.parse("[::1]:" + server.getPort()));
    assertThat(LoopbackTopology.call(loopbackTopology.channel(), WordsService.PLACE))
        .isEqualTo("six");
  }

  @Test
  void theEnvironmentSaysZoneAndWeightUnlessTheProgramDoes() throws Exception {
    Registries registries =
        loopbackTopology.registriesWith(Map.of("HOLDFAST_ZONE", "z9", "HOLDFAST_WEIGHT", "5"));
    loopbackTopology.serve(new WordsService("a"), loopbackTopology.server().registries(registries));
    Endpoint endpoint = loopbackTopology.store.truth(LoopbackTopology.WORDS).endpoints().get(0);
    assertThat(endpoint.zone()).isEqualTo("z9");
    assertThat(endpoint.weight()).isEqualTo(5);
    Registries wrong = loopbackTopology.registriesWith(Map.of("HOLDFAST_WEIGHT", "many"));
    assertThatThrownBy(() -> loopbackTopology.server().registries(wrong).build())
        .hasMessage("HOLDFAST_WEIGHT: \"many\" (expected: 1 to 10000)");
    Registries none = loopbackTopology.registriesWith(Map.of("HOLDFAST_WEIGHT", "0"));
    assertThatThrownBy(() -> loopbackTopology.server().registries(none).build())
        .hasMessage("HOLDFAST_WEIGHT: \"0\" (expected: 1 to 10000)");
  }

  @Test
  void aVariableThatIsSetToNothingSaysNothing() throws Exception {
    Registries registries =
        loopbackTopology.registriesWith(Map.of("POD_IP", "", "HOLDFAST_ADVERTISE", " "));
    HoldfastServer server =
        loopbackTopology.serve(
            new WordsService("a"), loopbackTopology.server().registries(registries));
    assertThat(server.registration().address())
        .contains(new HostPort("127.0.0.1", server.getPort()));
  }

  @Test
  void healthCoversTheServerAndItsServices() throws Exception {
    ManagedChannel direct = direct(loopbackTopology.serve(new WordsService("a")));
    for (String name : List.of("", "test.Words")) {
      HealthCheckRequest request = HealthCheckRequest.newBuilder().setService(name).build();
      assertThat(HealthGrpc.newBlockingStub(direct).check(request).getStatus())
          .isEqualTo(ServingStatus.SERVING);
    }
  }

  @Test
  void whatMakesNoSenseIsRefusedBeforeThePortIsBound() {
    assertThatThrownBy(() -> loopbackTopology.server().weight(0)).hasMessageContaining("weight: 0");
    assertThatThrownBy(() -> loopbackTopology.server().register("nowhere://x/y").build())
        .hasMessageContaining("nowhere");
    assertThatThrownBy(() -> DrainOptions.DEFAULT.withSpread(Duration.ofHours(1)))
        .hasMessageContaining("spread: 1h (expected: 0s to 5m)");
    HoldfastServer wildcard =
        loopbackTopology.server().register(LoopbackTopology.TARGET).advertise("0.0.0.0").build();
    assertThatThrownBy(wildcard::start)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0.0.0.0");
    assertThat(wildcard.state()).isEqualTo(HoldfastServer.ServerState.NEW);
  }

  private static boolean canBind(InetAddress address) {
    try (ServerSocket socket = new ServerSocket(0, 1, address)) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  private static List<ServingStatus> watchHealth(ManagedChannel direct) {
    List<ServingStatus> seen = new CopyOnWriteArrayList<>();
    HealthGrpc.newStub(direct)
        .watch(
            HealthCheckRequest.getDefaultInstance(),
            new StreamObserver<HealthCheckResponse>() {
              @Override
              public void onNext(HealthCheckResponse response) {
                seen.add(response.getStatus());
              }

              @Override
              public void onError(Throwable failure) {
                seen.add(ServingStatus.UNKNOWN);
              }

              @Override
              public void onCompleted() {
                seen.add(ServingStatus.UNKNOWN);
              }
            });
    return seen;
  }

  private ManagedChannel direct(HoldfastServer server) {
    return loopbackTopology.keep(
        NettyChannelBuilder.forTarget(
                "127.0.0.1:" + server.getPort(), InsecureChannelCredentials.create())
            .build());
  }
}
