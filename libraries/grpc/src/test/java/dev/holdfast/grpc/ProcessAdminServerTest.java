package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.admin.AdminAccess;
import dev.holdfast.admin.AdminAddress;
import dev.holdfast.admin.AdminOptions;
import dev.holdfast.admin.rpc.AdminGrpc;
import dev.holdfast.admin.rpc.Connection;
import dev.holdfast.admin.rpc.DrainingRequest;
import dev.holdfast.admin.rpc.FailedCalls;
import dev.holdfast.admin.rpc.ProcessReport;
import dev.holdfast.admin.rpc.ProcessRequest;
import dev.holdfast.admin.rpc.RowsRequest;
import dev.holdfast.core.testkit.TestAuthority;
import dev.holdfast.core.testkit.TestCertificate;
import dev.holdfast.grpc.internal.admin.ProcessAdminServer;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The admin service of real servers and channels over loopback. */
class ProcessAdminServerTest {
  private static final int MOST_CUTS = 20;
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String TOKEN = "a-token-of-this-test";

  private final List<ManagedChannel> channels = new ArrayList<>();
  private final List<HoldfastServer> servers = new ArrayList<>();
  @TempDir private Path directory;

  @AfterEach
  void close() {
    channels.forEach(ManagedChannel::shutdownNow);
    servers.forEach(HoldfastServer::shutdownNow);
  }

  @Test
  void showsWhoIsConnectedAndWhyAConnectionEnded() throws IOException {
    ProcessAdminServer admin = ProcessAdminServer.start(AdminOptions.loopback());
    HoldfastServer server = server(AdminOptions.loopback());
    ManagedChannel client = client(server);
    AdminGrpc.AdminBlockingStub reader = AdminGrpc.newBlockingStub(plain(admin.address()));
    String local = "local~:" + server.getPort();

    List<Connection> ofServer =
        reader.listConnections(rows("role=server", local)).getConnectionsList();
    assertThat(ofServer)
        .singleElement()
        .satisfies(
            connection -> {
              assertThat(connection.getAgent()).startsWith("grpc-java-netty/");
              assertThat(connection.getPeer()).startsWith("127.0.0.1:");
              assertThat(connection.getSuspect()).isFalse();
              assertThat(connection.getOpenedMs()).isPositive();
            });
    assertThat(
            reader
                .listConnections(rows("role=client", "peer~:" + server.getPort()))
                .getConnectionsList())
        .singleElement()
        .satisfies(
            connection -> {
              assertThat(connection.getService()).endsWith(":" + server.getPort());
              assertThat(connection.getLocal()).isEqualTo(ofServer.get(0).getPeer());
            });

    client.shutdownNow();

    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(
                        reader
                            .listClosedConnections(rows(local, "role=server"))
                            .getConnectionsList())
                    .singleElement()
                    .satisfies(
                        connection -> {
                          assertThat(connection.getCode()).isEqualTo("HF-410");
                          assertThat(connection.getReason()).isEqualTo("CLOSED_BY_PEER");
                          assertThat(connection.getExplanation()).contains("peer closed");
                          assertThat(connection.getAgent()).startsWith("grpc-java-netty/");
                          assertThat(connection.getClosedMs())
                              .isGreaterThanOrEqualTo(connection.getOpenedMs());
                        }));
    assertThat(reader.listConnections(rows(local)).getConnectionsList()).isEmpty();
  }

  @Test
  void connectionThatEndedHasItsEvidence() throws IOException {
    ProcessAdminServer admin = ProcessAdminServer.start(AdminOptions.loopback());
    HoldfastServer server = server(AdminOptions.loopback());
    AdminGrpc.AdminBlockingStub reader = AdminGrpc.newBlockingStub(plain(admin.address()));
    try (TcpRelay relay = TcpRelay.toPort(server.getPort())) {
      // A write that fails takes the reset from the socket, and what is read then is an end
      // (HF-410): the next connection has none under way.
      String here = "local~:" + server.getPort();
      List<Connection> resets = List.of();
      for (int cuts = 1; resets.isEmpty() && cuts <= MOST_CUTS; cuts++) {
        client(relay.port(), LivenessOptions.DEFAULT);
        relay.cut();
        int least = cuts;
        List<Connection> ended =
            await()
                .atMost(LIMIT)
                .until(() -> closed(reader, "role=server", here), all -> all.size() >= least);
        resets = ended.stream().filter(each -> each.getCode().equals("HF-409")).toList();
      }
      assertThat(resets).isNotEmpty();
      assertThat(resets.get(0).getEvidence()).isEqualTo("socket: connection reset by peer");
    }
    try (TcpRelay relay = TcpRelay.toPort(server.getPort())) {
      LivenessOptions impatient =
          LivenessOptions.DEFAULT
              .withProbing(Duration.ofSeconds(1), Duration.ofSeconds(1))
              .withPatience(Duration.ofSeconds(1), Duration.ofSeconds(4));
      ManagedChannel channel = client(relay.port(), impatient);
      relay.stall();
      var unused = HealthGrpc.newFutureStub(channel).check(HealthCheckRequest.getDefaultInstance());
      assertThat(ended(reader, "role=client", "peer~:" + relay.port()).getEvidence())
          .startsWith("nothing read for ")
          .contains("; kernel: ");
    }
  }

  /** The first connection that has ended with a code, once there is one. */
  private static Connection ended(AdminGrpc.AdminBlockingStub reader, String... filters) {
    return await()
        .atMost(LIMIT)
        .until(
            () ->
                closed(reader, filters).stream()
                    .filter(connection -> !connection.getCode().isEmpty())
                    .findFirst()
                    .orElse(null),
            Objects::nonNull);
  }

  private static List<Connection> closed(AdminGrpc.AdminBlockingStub reader, String... filters) {
    return reader.listClosedConnections(rows(filters)).getConnectionsList();
  }

  @Test
  void failedCallsCountOnBothSidesByServiceAndStatus() throws IOException {
    ProcessAdminServer admin = ProcessAdminServer.start(AdminOptions.loopback());
    HoldfastServer server = server(AdminOptions.loopback());
    ManagedChannel client = client(server);
    ManagedChannel reader = plain(admin.address());
    String target = "127.0.0.1:" + server.getPort();
    long before = failed(reader, "server", HealthGrpc.SERVICE_NAME, "NOT_FOUND");
    long unknownBefore = failed(reader, "server", "", "UNIMPLEMENTED");
    HealthCheckRequest nobody = HealthCheckRequest.newBuilder().setService("nobody").build();

    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> HealthGrpc.newBlockingStub(client).check(nobody))
          .hasMessageStartingWith("NOT_FOUND");
    }
    // A service that only this client knows: its name is not kept.
    assertThatThrownBy(
            () -> AdminGrpc.newBlockingStub(client).getProcess(ProcessRequest.getDefaultInstance()))
        .hasMessageStartingWith("UNIMPLEMENTED");

    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> {
              assertThat(failed(reader, "server", HealthGrpc.SERVICE_NAME, "NOT_FOUND") - before)
                  .isEqualTo(3);
              assertThat(failed(reader, "server", "", "UNIMPLEMENTED") - unknownBefore)
                  .isEqualTo(1);
              assertThat(failed(reader, "client", target, "NOT_FOUND")).isEqualTo(3);
              assertThat(failed(reader, "client", target, "UNIMPLEMENTED")).isEqualTo(1);
            });
    assertThat(report(reader, "").getFailedCallsList())
        .noneMatch(failed -> failed.getService().equals(AdminGrpc.SERVICE_NAME))
        .noneMatch(failed -> failed.getCode().equals("OK"));
  }

  private static long failed(ManagedChannel admin, String role, String service, String code) {
    return report(admin, "").getFailedCallsList().stream()
        .filter(failed -> failed.getRole().equals(role))
        .filter(failed -> failed.getService().equals(service))
        .filter(failed -> failed.getCode().equals(code))
        .mapToLong(FailedCalls::getCalls)
        .sum();
  }

  @Test
  void serversAndChannelsWithTheSameOptionsShareOneService() throws IOException {
    ProcessAdminServer first = ProcessAdminServer.start(AdminOptions.loopback());
    HoldfastServer server = server(AdminOptions.loopback());
    client(server);

    assertThat(ProcessAdminServer.start(AdminOptions.loopback()).address())
        .isEqualTo(first.address());
    ProcessReport report =
        AdminGrpc.newBlockingStub(plain(first.address()))
            .getProcess(ProcessRequest.getDefaultInstance());
    assertThat(report.getPid()).isEqualTo(ProcessHandle.current().pid());
    assertThat(first.metadata().get(AdminAddress.KEY))
        .isEqualTo("127.0.0.1:" + first.address().getPort() + " " + report.getId());
  }

  @Test
  void readerWithoutTheTokenLearnsNothing() throws IOException {
    Path file = Files.writeString(directory.resolve("token"), TOKEN + "\n");
    ProcessAdminServer admin =
        ProcessAdminServer.start(AdminOptions.loopback().withTokenFile(file));
    ManagedChannel channel = plain(admin.address());

    for (String authorization :
        List.of("", "Bearer", "Bearer ", "Bearer wrong", TOKEN, "Bearer " + TOKEN + "x")) {
      assertThatThrownBy(() -> report(channel, authorization))
          .as(authorization)
          .isInstanceOf(StatusRuntimeException.class)
          .satisfies(
              e -> {
                Status status = ((StatusRuntimeException) e).getStatus();
                assertThat(status.getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
                assertThat(status.getDescription()).doesNotContain(TOKEN);
              });
    }
    assertThat(report(channel, "Bearer " + TOKEN).getId()).isNotEmpty();

    Files.writeString(file, "another-token-of-this-test");
    assertThatThrownBy(() -> report(channel, "Bearer " + TOKEN))
        .hasMessageContaining("UNAUTHENTICATED");
    assertThat(report(channel, "Bearer another-token-of-this-test").getId()).isNotEmpty();

    Files.delete(file);
    assertThatThrownBy(() -> report(channel, "Bearer another-token-of-this-test"))
        .hasMessageContaining("UNAVAILABLE: the token file can't be read");
  }

  @Test
  void readerWithoutACertificateOfTheAuthorityLearnsNothing() throws Exception {
    Instant now = Instant.now();
    TestAuthority authority = TestAuthority.create(directory, "authority");
    TestCertificate own =
        authority.issue(directory, "words", now.minusSeconds(60), now.plusSeconds(3_600));
    TestCertificate reader =
        authority.issue(directory, "reader", now.minusSeconds(60), now.plusSeconds(3_600));
    TestCertificate stranger = TestCertificate.create(directory, "stranger");
    ProcessAdminServer admin =
        ProcessAdminServer.start(
            AdminOptions.at("127.0.0.1:0")
                .withMutualTls(
                    own.certificate().toPath(),
                    own.key().toPath(),
                    authority.certificate().certificate().toPath()));

    TlsChannelCredentials.Builder trusting =
        TlsChannelCredentials.newBuilder().trustManager(authority.certificate().certificate());
    ManagedChannel without = secured(admin, trusting.build());
    assertThatThrownBy(() -> report(without, "")).hasMessageContaining("UNAVAILABLE");
    ManagedChannel strange =
        secured(admin, trusting.keyManager(stranger.certificate(), stranger.key()).build());
    assertThatThrownBy(() -> report(strange, "")).hasMessageContaining("UNAVAILABLE");
    ManagedChannel known =
        secured(admin, trusting.keyManager(reader.certificate(), reader.key()).build());
    assertThat(report(known, "").getId()).isNotEmpty();
  }

  private ManagedChannel secured(ProcessAdminServer admin, ChannelCredentials credentials) {
    ManagedChannel channel =
        Grpc.newChannelBuilderForAddress("127.0.0.1", admin.address().getPort(), credentials)
            .overrideAuthority("words")
            .build();
    channels.add(channel);
    return channel;
  }

  @Test
  void addressThatEveryoneReachesIsNotOpenedWithoutAToken() {
    assertThatThrownBy(() -> ProcessAdminServer.start(AdminOptions.at("0.0.0.0:0")))
        .hasMessageContaining("without a token");
    assertThat(ProcessAdminServer.tryStart(AdminOptions.at("0.0.0.0:0"))).isEmpty();
  }

  @Test
  void hostileRequestsAreAnsweredAsSuch() throws IOException {
    ProcessAdminServer admin = ProcessAdminServer.start(AdminOptions.loopback());
    AdminGrpc.AdminBlockingStub reader = AdminGrpc.newBlockingStub(plain(admin.address()));

    assertThatThrownBy(
            () -> reader.listStreams(RowsRequest.newBuilder().setPageSize(1_000_000_000).build()))
        .hasMessage("INVALID_ARGUMENT: page_size: 1000000000 (expected: 1 to 1000, or 0 for 100)");
    assertThatThrownBy(
            () -> reader.listConnections(RowsRequest.newBuilder().setSort("passwords").build()))
        .hasMessageStartingWith("INVALID_ARGUMENT: sort: \"passwords\" (expected: ");
    assertThatThrownBy(
            () -> reader.listConnections(rows("x".repeat(ProcessAdminServer.MAX_REQUEST_BYTES))))
        .hasMessageContaining("RESOURCE_EXHAUSTED");
    assertThat(reader.getProcess(ProcessRequest.getDefaultInstance()).getId()).isNotEmpty();
  }

  @Test
  void connectionsToItHaveABound() throws IOException {
    Path file = Files.writeString(directory.resolve("token"), TOKEN);
    ProcessAdminServer admin =
        ProcessAdminServer.start(AdminOptions.loopback().withTokenFile(file));
    for (int i = 0; i < ProcessAdminServer.MAX_CONNECTIONS; i++) {
      report(plain(admin.address()), "Bearer " + TOKEN);
    }

    ManagedChannel oneMore = plain(admin.address());
    assertThatThrownBy(() -> report(oneMore, "Bearer " + TOKEN))
        .hasMessageContaining("UNAVAILABLE");

    channels.get(0).shutdownNow();
    await()
        .atMost(LIMIT)
        .ignoreExceptions()
        .until(() -> !report(oneMore, "Bearer " + TOKEN).getId().isEmpty());
  }

  @Test
  void drainNeedsATokenAndIsTakenBack() throws Exception {
    try (LoopbackTopology topology = new LoopbackTopology()) {
      Path file = Files.writeString(directory.resolve("token"), TOKEN);
      AdminOptions guarded = AdminOptions.loopback().withTokenFile(file);
      HoldfastServer server =
          topology.serve(new WordsService("a"), topology.server().admin(guarded));
      String endpoint = server.registration().address().orElseThrow().toString();
      InetSocketAddress open = ProcessAdminServer.start(AdminOptions.loopback()).address();
      assertThatThrownBy(() -> drain(open, "", endpoint, true))
          .hasMessageStartingWith("PERMISSION_DENIED: actions: not allowed here");
      InetSocketAddress admin = ProcessAdminServer.start(guarded).address();
      assertThatThrownBy(() -> drain(admin, "Bearer wrong-token-of-this-test", endpoint, true))
          .hasMessageStartingWith("UNAUTHENTICATED");
      assertThat(isDraining(topology)).isFalse();

      assertThat(drain(admin, "Bearer " + TOKEN, endpoint, true)).containsExactly(endpoint);
      await().atMost(LIMIT).until(() -> isDraining(topology));
      assertThat(server.state()).isEqualTo(HoldfastServer.ServerState.SERVING);

      assertThat(drain(admin, "Bearer " + TOKEN, "", false)).contains(endpoint);
      await().atMost(LIMIT).until(() -> !isDraining(topology));
      assertThatThrownBy(() -> drain(admin, "Bearer " + TOKEN, "127.0.0.1:1", true))
          .hasMessageStartingWith("INVALID_ARGUMENT: endpoint: 127.0.0.1:1 (expected: one that");
    }
  }

  private static boolean isDraining(LoopbackTopology topology) {
    return topology.store.truth(LoopbackTopology.WORDS).endpoints().get(0).draining();
  }

  private List<String> drain(
      InetSocketAddress admin, String authorization, String endpoint, boolean draining) {
    return authorized(plain(admin), authorization)
        .setDraining(
            DrainingRequest.newBuilder().setDraining(draining).setEndpoint(endpoint).build())
        .getEndpointsList();
  }

  private static AdminGrpc.AdminBlockingStub authorized(
      ManagedChannel channel, String authorization) {
    Metadata headers = new Metadata();
    headers.put(AdminAccess.AUTHORIZATION, authorization);
    return AdminGrpc.newBlockingStub(channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  private static ProcessReport report(ManagedChannel channel, String authorization) {
    return authorized(channel, authorization).getProcess(ProcessRequest.getDefaultInstance());
  }

  private static RowsRequest rows(String... filters) {
    return RowsRequest.newBuilder().addAllFilters(List.of(filters)).build();
  }

  private HoldfastServer server(AdminOptions options) throws IOException {
    HoldfastServer server =
        HoldfastServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                InsecureServerCredentials.create())
            .admin(options)
            .build()
            .start();
    servers.add(server);
    return server;
  }

  /** A channel that has made a call. */
  private ManagedChannel client(HoldfastServer server) {
    return client(server.getPort(), LivenessOptions.DEFAULT);
  }

  private ManagedChannel client(int port, LivenessOptions liveness) {
    ManagedChannel channel =
        HoldfastChannelBuilder.forTarget("127.0.0.1:" + port, InsecureChannelCredentials.create())
            .liveness(liveness)
            .build();
    channels.add(channel);
    var unused =
        HealthGrpc.newBlockingStub(channel)
            .withWaitForReady()
            .check(HealthCheckRequest.getDefaultInstance());
    return channel;
  }

  private ManagedChannel plain(InetSocketAddress address) {
    ManagedChannel channel =
        Grpc.newChannelBuilderForAddress(
                address.getHostString(), address.getPort(), InsecureChannelCredentials.create())
            .build();
    channels.add(channel);
    return channel;
  }
}
