package dev.holdfast.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.control.admin.v1.ControlGrpc;
import dev.holdfast.control.admin.v1.Load;
import dev.holdfast.control.admin.v1.StatusRequest;
import dev.holdfast.control.xds.ResourceType;
import io.envoyproxy.envoy.admin.v3.ClientResourceStatus;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterStats;
import io.envoyproxy.envoy.config.endpoint.v3.UpstreamLocalityStats;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.load_stats.v3.LoadReportingServiceGrpc;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsRequest;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsResponse;
import io.envoyproxy.envoy.service.status.v3.ClientConfig;
import io.envoyproxy.envoy.service.status.v3.ClientStatusDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.status.v3.ClientStatusRequest;
import io.envoyproxy.envoy.type.matcher.v3.NodeMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The observability of a control plane: CSDS, load reports, health. */
class ObservabilityTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path folder;
  private ControlPlaneFixture topology;
  private ControlPlane control;
  private ManagedChannel admin;

  @BeforeEach
  void open() throws Exception {
    topology = new ControlPlaneFixture(folder);
    topology.list("orders", "10.0.0.1:50051");
    control = topology.control();
    admin =
        NettyChannelBuilder.forAddress(control.adminAddress(), InsecureChannelCredentials.create())
            .build();
    topology.own(admin::shutdownNow);
  }

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  private RawClient.Stream<DiscoveryRequest, DiscoveryResponse> client(String node) {
    RawClient.Stream<DiscoveryRequest, DiscoveryResponse> stream =
        topology.own(new RawClient(control.address())).sotw();
    stream.send(
        RawClient.asking(ResourceType.ENDPOINTS, "orders").toBuilder()
            .setNode(RawClient.node(node))
            .build());
    return stream;
  }

  @Test
  void whatClientsHaveIsToldInTheStandardWay() {
    var good = client("good");
    good.send(RawClient.accepting(good.await(0), "orders", "missing"));
    var bad = client("bad");
    bad.send(RawClient.rejecting(bad.await(0), "no", "orders"));

    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              assertThat(statuses("good"))
                  .containsExactlyInAnyOrder(
                      ClientResourceStatus.ACKED, ClientResourceStatus.REQUESTED);
              assertThat(statuses("bad")).containsExactly(ClientResourceStatus.NACKED);
            });
    ClientConfig.GenericXdsConfig rejected = config("bad").get(0).getGenericXdsConfigs(0);
    assertThat(rejected.getErrorState().getDetails()).isEqualTo("no");
    assertThat(rejected.getXdsConfig().getTypeUrl()).isEqualTo(ResourceType.ENDPOINTS.typeUrl());
  }

  private List<ClientResourceStatus> statuses(String node) {
    return config(node).stream()
        .flatMap(config -> config.getGenericXdsConfigsList().stream())
        .map(ClientConfig.GenericXdsConfig::getClientStatus)
        .toList();
  }

  private List<ClientConfig> config(String node) {
    return ClientStatusDiscoveryServiceGrpc.newBlockingStub(admin)
        .fetchClientStatus(asking(StringMatcher.newBuilder().setExact(node)))
        .getConfigList();
  }

  private static ClientStatusRequest asking(StringMatcher.Builder node) {
    return ClientStatusRequest.newBuilder()
        .addNodeMatchers(NodeMatcher.newBuilder().setNodeId(node))
        .build();
  }

  @Test
  void aMatcherThatIsNotUnderstoodIsRefused() {
    ClientStatusRequest request = asking(StringMatcher.newBuilder().setContains("x"));
    assertThatThrownBy(
            () ->
                ClientStatusDiscoveryServiceGrpc.newBlockingStub(admin).fetchClientStatus(request))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("INVALID_ARGUMENT: node_id: CONTAINS (expected: exact or prefix)");
  }

  @Test
  void loadReportsAreAddedUpByCluster() {
    RawClient client = topology.own(new RawClient(control.address()));
    RawClient.Stream<LoadStatsRequest, LoadStatsResponse> reports = new RawClient.Stream<>();
    var unused = LoadReportingServiceGrpc.newStub(client.channel).streamLoadStats(reports);
    reports.send(LoadStatsRequest.newBuilder().setNode(RawClient.node("raw")).build());
    assertThat(reports.await(0).getSendAllClusters()).isTrue();
    reports.send(report(20, 1));
    reports.send(report(10, 2));

    await().atMost(PATIENCE).until(() -> load().getIssued() == 30);
    assertThat(load().getCluster()).isEqualTo("orders");
    assertThat(load().getFailed()).isEqualTo(3);
    assertThat(load().getInProgress()).isEqualTo(2);
    assertThat(load().getClients()).isEqualTo(1);
    assertThat(load().getIssuedPerS()).isEqualTo(5.0);
    client.close();
    await().atMost(PATIENCE).until(() -> load().getClients() == 0);
    assertThat(load().getIssued()).isEqualTo(30);
  }

  private static LoadStatsRequest report(long issued, long failed) {
    return LoadStatsRequest.newBuilder()
        .addClusterStats(
            ClusterStats.newBuilder()
                .setClusterName("orders")
                .setLoadReportInterval(com.google.protobuf.Duration.newBuilder().setSeconds(2))
                .addUpstreamLocalityStats(
                    UpstreamLocalityStats.newBuilder()
                        .setTotalIssuedRequests(issued)
                        .setTotalErrorRequests(failed)
                        .setTotalRequestsInProgress(2)))
        .build();
  }

  private Load load() {
    return ControlGrpc.newBlockingStub(admin)
        .status(StatusRequest.getDefaultInstance())
        .getLoadsList()
        .stream()
        .findFirst()
        .orElse(Load.getDefaultInstance());
  }

  @Test
  void itsHealthIsServingOnceItKnowsItsServices() {
    RawClient client = topology.own(new RawClient(control.address()));
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                HealthGrpc.newBlockingStub(client.channel)
                        .check(HealthCheckRequest.getDefaultInstance())
                        .getStatus()
                    == ServingStatus.SERVING);
  }
}
