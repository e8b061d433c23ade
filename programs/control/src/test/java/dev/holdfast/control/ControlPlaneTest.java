package dev.holdfast.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.control.admin.v1.Client;
import dev.holdfast.control.admin.v1.ControlGrpc;
import dev.holdfast.control.admin.v1.StatusRequest;
import dev.holdfast.control.admin.v1.StatusResponse;
import dev.holdfast.control.admin.v1.Subscription;
import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.ServiceName;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.InsecureChannelCredentials;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server over real sockets and a registry of files, on good days and on bad ones. */
class ControlPlaneTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path folder;
  private ControlPlaneFixture topology;

  @BeforeEach
  void open() throws Exception {
    topology = new ControlPlaneFixture(folder);
  }

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @Test
  void nobodyIsAnsweredBeforeTheRegistryHasSaidWhichServicesThereAre() throws Exception {
    topology.store.put(ServiceName.of("prod", "orders"), Endpoint.of("10.0.0.1:50051"));
    topology.store.stop();
    ControlPlane control = topology.controlOverMemory();
    RawClient client = topology.own(new RawClient(control.address()));
    RawClient.Stream<DiscoveryRequest, DiscoveryResponse> stream = client.sotw();
    stream.send(RawClient.asking(ResourceType.LISTENER, "orders", "nobody"));
    await().atMost(PATIENCE).until(() -> status(control).getTotalClients() == 1);
    assertThat(control.isServing()).isFalse();
    assertThat(status(control).getServing()).isFalse();

    topology.store.start();
    DiscoveryResponse first = stream.await(0);
    assertThat(first.getResourcesCount()).isEqualTo(1);
    assertThat(first.getNonce()).isEqualTo("1");
  }

  @Test
  void aRestartWhileTheRegistryIsAwayServesWhatWasThere() throws Exception {
    topology.list("orders", "10.0.0.1:50051", "10.0.0.2:50052");
    topology.list("users", "10.0.0.3:50053");
    ControlPlane before = topology.control();
    await().atMost(PATIENCE).until(() -> topology.isOnDisk(2));
    before.close();
    topology.hideRegistry();
    ControlPlane after = topology.control();

    RawClient client = topology.own(new RawClient(after.address()));
    RawClient.Stream<DiscoveryRequest, DiscoveryResponse> stream = client.sotw();
    stream.send(RawClient.asking(ResourceType.LISTENER));
    assertThat(stream.await(0).getResourcesCount()).isEqualTo(2);
    stream.send(RawClient.asking(ResourceType.ENDPOINTS, "orders"));
    DiscoveryResponse endpoints =
        stream.awaitOne(DiscoveryResponse::getTypeUrl, ResourceType.ENDPOINTS.typeUrl());
    assertThat(RawClient.ports(endpoints)).containsExactlyInAnyOrder(50051, 50052);
  }

  @Test
  void aRestartWhileTheRegistryDoesNotAnswerServesWhatWasThere() throws Exception {
    topology.store.put(ServiceName.of("prod", "orders"), Endpoint.of("10.0.0.1:50051"));
    ControlPlane before = topology.controlOverMemory();
    await().atMost(PATIENCE).until(() -> topology.isOnDisk(1));
    before.close();
    topology.store.stop();
    ControlPlane after = topology.controlOverMemory();

    RawClient.Stream<DiscoveryRequest, DiscoveryResponse> stream =
        topology.own(new RawClient(after.address())).sotw();
    stream.send(RawClient.asking(ResourceType.ENDPOINTS, "orders"));
    assertThat(RawClient.ports(stream.await(0))).containsExactly(50051);
    stream.send(RawClient.accepting(stream.await(0), "orders"));
    topology.store.start();
    topology.store.put(ServiceName.of("prod", "orders"), Endpoint.of("10.0.0.2:50052"));
    assertThat(RawClient.ports(stream.await(1))).containsExactlyInAnyOrder(50051, 50052);
  }

  @Test
  void controlPlanesBesideEachOtherGiveTheSameVersions() throws Exception {
    topology.list("orders", "10.0.0.1:50051");
    String one = versionOf(topology.control(), "orders");
    String two = versionOf(topology.control(), "orders");
    assertThat(one).isEqualTo(two);
  }

  /** Once it is known there. */
  private String versionOf(ControlPlane control, String service) {
    RawClient.Stream<DiscoveryRequest, DiscoveryResponse> stream =
        topology.own(new RawClient(control.address())).sotw();
    stream.send(RawClient.asking(ResourceType.ENDPOINTS, service));
    return stream.await(0).getVersionInfo();
  }

  @Test
  void aClientThatRejectsEverythingIsSentNothingUntilSomethingChanges() throws Exception {
    topology.list("orders", "10.0.0.1:50051");
    ControlPlane control = topology.control();
    RawClient.Stream<DiscoveryRequest, DiscoveryResponse> stream =
        topology.own(new RawClient(control.address())).sotw();
    stream.send(RawClient.asking(ResourceType.ENDPOINTS, "orders"));
    stream.send(RawClient.rejecting(stream.await(0), "I do not like it", "orders"));
    await().atMost(PATIENCE).until(() -> type(control, "EDS").getRejected() == 1);
    Subscription rejected = type(control, "EDS");
    assertThat(rejected.getRejection()).isEqualTo("I do not like it");
    assertThat(rejected.getTroubledList()).containsExactly("orders");

    // Only what changes is an answer: this one is the second response, whatever came before it.
    topology.list("orders", "10.0.0.1:50051", "10.0.0.2:50052");
    assertThat(RawClient.ports(stream.await(1))).containsExactlyInAnyOrder(50051, 50052);
    stream.send(RawClient.accepting(stream.await(1), "orders"));
    await().atMost(PATIENCE).until(() -> type(control, "EDS").getAccepted() == 1);
    assertThat(type(control, "EDS").getRejection()).isEmpty();
    assertThat(type(control, "EDS").getRejections()).isEqualTo(1);
  }

  @Test
  void aNameThatIsAskedForAgainIsAnsweredAgain() throws Exception {
    topology.list("orders", "10.0.0.1:50051");
    topology.list("users", "10.0.0.2:50052");
    ControlPlane control = topology.control();
    for (String service : List.of("orders", "users")) {
      versionOf(control, service);
    }
    RawClient.Stream<DiscoveryRequest, DiscoveryResponse> stream =
        topology.own(new RawClient(control.address())).sotw();
    stream.send(RawClient.asking(ResourceType.ENDPOINTS, "orders", "users"));
    DiscoveryResponse first = stream.await(0);
    stream.send(RawClient.accepting(first, "orders", "users"));
    stream.send(RawClient.accepting(first, "users"));
    stream.send(RawClient.accepting(first, "orders", "users"));

    assertThat(RawClient.ports(stream.await(1))).containsExactly(50051);
  }

  @Test
  void aClientThatDoesNotReadHoldsNobodyBackAndGetsTheLatestInTheEnd() throws Exception {
    String[] many =
        IntStream.rangeClosed(1, 5_000)
            .mapToObj(i -> "10.1." + i / 200 + "." + (1 + i % 200) + ":" + (10_000 + i))
            .toArray(String[]::new);
    topology.list("orders", many);
    ControlPlane control = topology.control();
    RawClient.Lazy lazy = topology.own(new RawClient(control.address())).lazy();
    lazy.send(RawClient.asking(ResourceType.ENDPOINTS, "orders"));
    RawClient.Stream<DiscoveryRequest, DiscoveryResponse> other =
        topology.own(new RawClient(control.address())).sotw();
    other.send(RawClient.asking(ResourceType.ENDPOINTS, "orders"));
    assertThat(RawClient.ports(other.await(0))).hasSize(5_000);
    for (int change = 1; change <= 5; change++) {
      int seen = change;
      other.send(RawClient.accepting(other.await(change - 1), "orders"));
      many[0] = "10.9.9.9:" + (20_000 + change);
      topology.list("orders", many);
      other.awaitOne(r -> RawClient.ports(r).contains(20_000 + seen), true);
    }

    DiscoveryResponse first = lazy.next();
    assertThat(RawClient.ports(first)).hasSize(5_000);
    lazy.send(RawClient.accepting(first, "orders"));
    assertThat(RawClient.ports(lazy.next())).contains(20_005).hasSize(5_000);
  }

  @Test
  void anIncrementalClientIsToldWhatIsNewAndWhatIsGone() throws Exception {
    topology.list("orders", "10.0.0.1:50051");
    ControlPlane control = topology.control();
    RawClient.Stream<DeltaDiscoveryRequest, DeltaDiscoveryResponse> stream =
        topology.own(new RawClient(control.address())).delta();
    stream.send(
        DeltaDiscoveryRequest.newBuilder()
            .setNode(RawClient.node("envoy"))
            .setTypeUrl(ResourceType.CLUSTER.typeUrl())
            .build());
    DeltaDiscoveryResponse first = stream.await(0);
    assertThat(first.getResourcesList()).extracting(r -> r.getName()).containsExactly("orders");
    stream.send(
        DeltaDiscoveryRequest.newBuilder()
            .setTypeUrl(ResourceType.CLUSTER.typeUrl())
            .setResponseNonce(first.getNonce())
            .addResourceNamesSubscribe("nobody")
            .build());
    assertThat(stream.await(1).getRemovedResourcesList()).containsExactly("nobody");

    topology.list("users", "10.0.0.2:50052");
    stream.send(
        DeltaDiscoveryRequest.newBuilder()
            .setTypeUrl(ResourceType.CLUSTER.typeUrl())
            .setResponseNonce(stream.await(1).getNonce())
            .build());
    assertThat(stream.await(2).getResourcesList())
        .extracting(r -> r.getName())
        .containsExactly("users");
  }

  @Test
  void aServiceForOneTypeNeedsNoTypeInItsRequests() throws Exception {
    topology.list("orders", "10.0.0.1:50051");
    RawClient client = topology.own(new RawClient(topology.control().address()));
    RawClient.Stream<DiscoveryRequest, DiscoveryResponse> stream = new RawClient.Stream<>();
    var unused =
        io.envoyproxy.envoy.service.endpoint.v3.EndpointDiscoveryServiceGrpc.newStub(client.channel)
            .streamEndpoints(stream);
    stream.send(DiscoveryRequest.newBuilder().addResourceNames("orders").build());

    assertThat(RawClient.ports(stream.await(0))).containsExactly(50051);
  }

  @Test
  void aNameThatIsTooLongEndsTheStreamWithAReason() throws Exception {
    topology.list("orders", "10.0.0.1:50051");
    RawClient.Stream<DiscoveryRequest, DiscoveryResponse> stream =
        topology.own(new RawClient(topology.control().address())).sotw();
    stream.send(RawClient.asking(ResourceType.ENDPOINTS, "x".repeat(2_000)));

    Status end = stream.awaitEnd();
    assertThat(end.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(end.getDescription()).contains("2000 characters (expected: <= 1024)");
  }

  @Test
  void aTypeThatNobodyServesIsNotAnsweredAndHarmsNothing() throws Exception {
    topology.list("orders", "10.0.0.1:50051");
    RawClient.Stream<DiscoveryRequest, DiscoveryResponse> stream =
        topology.own(new RawClient(topology.control().address())).sotw();
    stream.send(
        DiscoveryRequest.newBuilder().setTypeUrl("type.googleapis.com/some.Secret").build());
    stream.send(RawClient.asking(ResourceType.ENDPOINTS, "orders"));

    assertThat(stream.await(0).getTypeUrl()).isEqualTo(ResourceType.ENDPOINTS.typeUrl());
  }

  @Test
  void aPolicyThatChangesIsSentAndOneThatFailsKeepsWhatThereIs() throws Exception {
    topology.list("orders", "10.0.0.1:50051");
    ControlPlane control = topology.control();
    RawClient.Stream<DiscoveryRequest, DiscoveryResponse> stream =
        topology.own(new RawClient(control.address())).sotw();
    stream.send(RawClient.asking(ResourceType.ENDPOINTS, "orders"));
    stream.send(RawClient.accepting(stream.await(0), "orders"));

    control.use(
        (service, endpoints) -> {
          throw new IllegalStateException("for a test");
        });
    await().atMost(PATIENCE).until(() -> topology.count("holdfast.control.builds.failed") == 1);
    control.use(
        (service, endpoints) ->
            new PlainResources().build(service, EndpointSet.of(Endpoint.of("10.0.0.7:50057"))));
    assertThat(RawClient.ports(stream.await(1))).containsExactly(50057);
  }

  @Test
  void clientsAreSentElsewhereWhenItStops() throws Exception {
    topology.list("orders", "10.0.0.1:50051");
    ControlPlane control = topology.control();
    RawClient.Stream<DiscoveryRequest, DiscoveryResponse> stream =
        topology.own(new RawClient(control.address())).sotw();
    stream.send(RawClient.asking(ResourceType.ENDPOINTS, "orders"));
    stream.await(0);
    control.close();

    Status end = stream.awaitEnd();
    assertThat(end.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(end.getDescription()).contains("control plane is shutting down");
  }

  private static Subscription type(ControlPlane control, String shortName) {
    Client client = status(control).getClients(0);
    assertThat(client.getNode()).isEqualTo("raw");
    assertThat(client.getAgent()).isEqualTo("test library");
    return client.getTypesList().stream()
        .filter(type -> type.getType().equals(shortName))
        .findFirst()
        .orElse(Subscription.getDefaultInstance());
  }

  private static StatusResponse status(ControlPlane control) {
    InetSocketAddress admin = control.adminAddress();
    var channel =
        NettyChannelBuilder.forAddress(admin, InsecureChannelCredentials.create()).build();
    try {
      return ControlGrpc.newBlockingStub(channel).status(StatusRequest.getDefaultInstance());
    } finally {
      channel.shutdownNow();
    }
  }
}
