package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.holdfast.control.ControlOptions;
import dev.holdfast.control.ControlPlane;
import dev.holdfast.control.resources.Policy;
import dev.holdfast.control.resources.PolicyResources;
import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.discovery.Registries;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code control status --watch} as a process of its own, beside a client that connects. */
class ControlStatusWatchTest {
  @TempDir Path folder;
  private ControlPlane control;
  private ManagedChannel channel;
  private final List<HoldfastProcess> started = new ArrayList<>();

  @BeforeEach
  void serve() throws IOException {
    Path orders = Files.createDirectories(folder.resolve("registry/orders"));
    Files.writeString(orders.resolve("all.list"), "10.0.0.1:50051\n");
    InetSocketAddress free = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    control =
        ControlPlane.start(
            RegistryUri.parse("file://" + folder.resolve("registry")),
            new Registries(RegistryContext.system()),
            new PolicyResources(Policy.NONE),
            ControlOptions.DEFAULT.withListen(free).withAdmin(free).withDrain(Duration.ZERO));
    channel =
        NettyChannelBuilder.forAddress(control.address(), InsecureChannelCredentials.create())
            .build();
  }

  @AfterEach
  void close() {
    started.forEach(HoldfastProcess::close);
    channel.shutdownNow();
    control.close();
  }

  private HoldfastProcess watch(String... more) {
    List<String> words =
        Stream.concat(
                Stream.of(
                    "control",
                    "status",
                    "127.0.0.1:" + control.adminAddress().getPort(),
                    "--watch",
                    "--interval=100ms"),
                Stream.of(more))
            .toList();
    HoldfastProcess watch = HoldfastProcess.start(folder, Map.of(), words);
    started.add(watch);
    return watch;
  }

  private void connect() {
    AggregatedDiscoveryServiceGrpc.newStub(channel)
        .streamAggregatedResources(new Ignoring())
        .onNext(
            DiscoveryRequest.newBuilder()
                .setNode(Node.newBuilder().setId("web-1"))
                .setTypeUrl(ResourceType.ENDPOINTS.typeUrl())
                .addResourceNames("orders")
                .build());
  }

  @Test
  void clientThatConnectsIsInALaterPictureAndInterruptEndsItWell() {
    HoldfastProcess watch = watch();
    watch.awaitOut(out -> out.contains("clients=0"));
    assertThat(watch.out()).doesNotContain("web-1");

    connect();
    watch.awaitOut(out -> out.contains("clients=1") && out.contains("web-1"));
    watch.signal("INT");

    assertThat(watch.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(watch.err()).isEmpty();
  }

  @Test
  void eachLookIsADocumentForPrograms() throws IOException {
    HoldfastProcess watch = watch("--json");
    watch.awaitOut(out -> out.contains("\"total_clients\":0"));
    connect();
    watch.awaitOut(out -> out.contains("\"node\":\"web-1\""));
    watch.signal("TERM");

    assertThat(watch.exitCode()).isEqualTo(ExitCode.OK);
    List<String> lines = watch.out().lines().toList();
    assertThat(lines).hasSizeGreaterThan(1).allMatch(ControlStatusWatchTest::isOneDocument);
  }

  private static boolean isOneDocument(String line) {
    try (JsonParser parser = new JsonFactory().createParser(line)) {
      JsonToken first = parser.nextToken();
      parser.skipChildren();
      return first == JsonToken.START_OBJECT && parser.nextToken() == null;
    } catch (IOException e) {
      return false;
    }
  }

  private static final class Ignoring implements StreamObserver<DiscoveryResponse> {
    @Override
    public void onNext(DiscoveryResponse response) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }
}
