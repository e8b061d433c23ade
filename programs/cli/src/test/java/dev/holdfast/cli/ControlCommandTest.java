package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.control.ControlOptions;
import dev.holdfast.control.ControlPlane;
import dev.holdfast.control.resources.Policy;
import dev.holdfast.control.resources.PolicyResources;
import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.discovery.Registries;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterStats;
import io.envoyproxy.envoy.config.endpoint.v3.UpstreamLocalityStats;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.load_stats.v3.LoadReportingServiceGrpc;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsRequest;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code holdfast control status} against a real control plane, and what both commands refuse. */
class ControlCommandTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path folder;
  private ControlPlane control;
  private ManagedChannel channel;

  @BeforeEach
  void serve() throws Exception {
    Path orders = Files.createDirectories(folder.resolve("orders"));
    Files.writeString(orders.resolve("all.list"), "10.0.0.1:50051\n");
    InetSocketAddress free = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    control =
        ControlPlane.start(
            RegistryUri.parse("file://" + folder),
            new Registries(RegistryContext.system()),
            new PolicyResources(Policy.NONE),
            ControlOptions.DEFAULT.withListen(free).withAdmin(free).withDrain(Duration.ZERO));
    channel =
        NettyChannelBuilder.forAddress(control.address(), InsecureChannelCredentials.create())
            .build();
  }

  @AfterEach
  void close() {
    channel.shutdownNow();
    control.close();
  }

  private CommandRun status(String... more) {
    String[] words = new String[3 + more.length];
    words[0] = "control";
    words[1] = "status";
    words[2] = "127.0.0.1:" + control.adminAddress().getPort();
    System.arraycopy(more, 0, words, 3, more.length);
    return CommandRun.of(words);
  }

  /** A client that rejects the endpoints of orders. */
  private void reject() {
    CompletableFuture<StreamObserver<DiscoveryRequest>> requests = new CompletableFuture<>();
    StreamObserver<DiscoveryResponse> responses =
        new StreamObserver<>() {
          @Override
          public void onNext(DiscoveryResponse response) {
            requests
                .join()
                .onNext(
                    asking()
                        .setResponseNonce(response.getNonce())
                        .setErrorDetail(
                            com.google.rpc.Status.newBuilder().setMessage("not\u001b[1m mine"))
                        .build());
          }

          @Override
          public void onError(Throwable cause) {
            // The test ends it.
          }

          @Override
          public void onCompleted() {
            // Nobody waits for it.
          }
        };
    requests.complete(
        AggregatedDiscoveryServiceGrpc.newStub(channel).streamAggregatedResources(responses));
    requests.join().onNext(asking().build());
  }

  private static DiscoveryRequest.Builder asking() {
    return DiscoveryRequest.newBuilder()
        .setNode(
            Node.newBuilder()
                .setId("web-1")
                .setUserAgentName("gRPC Test")
                .setUserAgentVersion("1.2"))
        .setTypeUrl(ResourceType.ENDPOINTS.typeUrl())
        .addResourceNames("orders");
  }

  @Test
  void showsInWordsWhoRejectsWhat() {
    await().atMost(PATIENCE).until(() -> status().out().contains("serving services=1"));
    reject();
    await().atMost(PATIENCE).until(() -> status().out().contains("0/1 REJECTED"));
    CommandRun run = status();

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("web-1")
        .contains("gRPC Test 1.2")
        .contains("client 1 (web-1) rejects endpoints (EDS)")
        .contains(": orders; it says: not?[1m mine")
        .doesNotContain("\u001b");
  }

  @Test
  void printsWhatProgramsNeed() {
    reject();
    await().atMost(PATIENCE).until(() -> status("--json").out().contains("\"rejections\":1"));

    assertThat(status("--json").out())
        .contains("\"total_clients\":1")
        .contains("\"node\":\"web-1\"")
        .contains("\"type\":\"EDS\"")
        .contains("\"troubled\":[\"orders\"]");
  }

  @Test
  void showsTheLoadThatClientsReport() {
    StreamObserver<LoadStatsRequest> reports =
        LoadReportingServiceGrpc.newStub(channel).streamLoadStats(new Deaf<>());
    UpstreamLocalityStats calls =
        UpstreamLocalityStats.newBuilder()
            .setTotalIssuedRequests(40)
            .setTotalSuccessfulRequests(37)
            .setTotalErrorRequests(3)
            .build();
    reports.onNext(
        LoadStatsRequest.newBuilder()
            .setNode(Node.newBuilder().setId("web-1"))
            .addClusterStats(
                ClusterStats.newBuilder()
                    .setClusterName("orders")
                    .setLoadReportInterval(com.google.protobuf.Duration.newBuilder().setSeconds(10))
                    .addUpstreamLocalityStats(calls))
            .build());

    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(status().out())
                    .containsPattern("CLUSTER +CLIENTS +CALLS/S +CALLS +OK +FAILED")
                    .containsPattern("orders +1 +4.0 +40 +37 +3 "));
    assertThat(status("--json").out()).contains("\"cluster\":\"orders\"");
  }

  /** Does nothing with what it hears; the test ends it. */
  private static final class Deaf<T> implements StreamObserver<T> {
    @Override
    public void onNext(T message) {
      // Only what we say matters.
    }

    @Override
    public void onError(Throwable cause) {
      // The test ends it.
    }

    @Override
    public void onCompleted() {
      // Nobody waits for it.
    }
  }

  @Test
  void saysWhenNoControlPlaneAnswers() {
    CommandRun run = CommandRun.of("control", "status", "127.0.0.1:" + control.address().getPort());
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err()).contains("no control plane answers there (expected: the address of its");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--listen seven|listen: \"seven\" (expected: PORT or HOST:PORT",
        "--listen 70000|listen: \"70000\" (expected: PORT or HOST:PORT",
        "--listen ::1:18000|listen: \"::1:18000\" (expected: PORT or HOST:PORT",
        "--key x.key|cert, key, client-ca: one without the others",
        "--client-ca x.pem|cert, key, client-ca: one without the others",
        "--drain 1h|drain: 1h (expected:",
      })
  void refusesWhatMakesNoSense(String options, String message) {
    String[] given = ("control --registry file:///nowhere " + options).split(" ", -1);
    CommandRun run = CommandRun.of(given);

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains(message);
  }
}
