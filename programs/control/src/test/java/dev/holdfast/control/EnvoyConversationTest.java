package dev.holdfast.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.control.xds.ResourceType;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The incremental variant as Envoy's documents describe its client; Envoy itself is not here. */
class EnvoyConversationTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final EnvoyModel envoy = new EnvoyModel();
  private final List<ManagedChannel> opened = new ArrayList<>();
  private BareServer server;

  @BeforeEach
  void open() throws IOException {
    server = BareServer.inPlaintext();
    server.put("orders", "10.0.0.1:50051");
    server.put("users", "10.0.0.2:50052");
  }

  @AfterEach
  void close() {
    opened.forEach(ManagedChannel::shutdownNow);
    server.close();
  }

  private void connect() {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(server.address(), InsecureChannelCredentials.create())
            .build();
    opened.add(channel);
    envoy.connect(channel);
  }

  private void awaitHeard(String... what) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(envoy.heard()).containsExactlyInAnyOrder(what));
  }

  private void connectAndHearAll() {
    connect();
    awaitHeard("CDS orders", "CDS users", "EDS orders", "EDS users", "LDS orders", "LDS users");
  }

  @Test
  void wildcardsBringAllAndEndpointsComeByName() {
    connectAndHearAll();
    server.put("shop", "10.0.0.3:50053");

    await()
        .atMost(PATIENCE)
        .until(() -> envoy.has(ResourceType.ENDPOINTS).keySet().contains("shop"));
    await().atMost(PATIENCE).until(() -> envoy.has(ResourceType.LISTENER).size() == 3);
    List<String> heard = envoy.heard();
    assertThat(heard.indexOf("CDS shop")).isLessThan(heard.indexOf("LDS shop"));
    assertThat(heard).hasSize(9);
  }

  @Test
  void changeOfOneServiceIsAllThatIsSent() {
    connectAndHearAll();
    server.put("orders", "10.0.0.1:50051", "10.0.0.9:50059");

    await().atMost(PATIENCE).until(() -> envoy.heard().size() == 7);
    assertThat(envoy.heard().get(6)).isEqualTo("EDS orders");
  }

  @Test
  void serviceThatGoesIsRemovedByName() {
    connectAndHearAll();
    server.remove("users");

    await().atMost(PATIENCE).until(() -> envoy.has(ResourceType.CLUSTER).size() == 1);
    await().atMost(PATIENCE).until(() -> envoy.has(ResourceType.LISTENER).size() == 1);
    assertThat(envoy.heard()).contains("LDS -users", "CDS -users");
    assertThat(envoy.heard().indexOf("LDS -users")).isLessThan(envoy.heard().indexOf("CDS -users"));
  }

  @Test
  void streamThatComesBackIsSentOnlyWhatIsOther() {
    connectAndHearAll();
    Map<String, String> before = envoy.has(ResourceType.ENDPOINTS);
    opened.get(0).shutdownNow();
    await().atMost(PATIENCE).until(() -> server.discoveryStreams.size() == 0);
    server.put("orders", "10.0.0.7:50057");
    server.remove("users");
    server.put("shop", "10.0.0.3:50053");
    connect();

    awaitHeard(
        "CDS shop", "CDS -users", "LDS shop", "LDS -users", "EDS orders", "EDS -users", "EDS shop");
    assertThat(envoy.has(ResourceType.ENDPOINTS)).containsOnlyKeys("orders", "shop");
    assertThat(envoy.has(ResourceType.ENDPOINTS).get("orders")).isNotEqualTo(before.get("orders"));
  }

  @Test
  void rejectedChangeIsNotRepeatedAndTheNextOneIsSent() {
    connectAndHearAll();
    String good = envoy.has(ResourceType.ENDPOINTS).get("orders");
    envoy.reject("orders");
    server.put("orders", "10.0.0.8:50058");
    await().atMost(PATIENCE).until(() -> envoy.heard().size() == 7);
    assertThat(envoy.has(ResourceType.ENDPOINTS)).containsEntry("orders", good);

    // Whatever was said again would stand before this.
    server.put("users", "10.0.0.2:50052", "10.0.0.4:50054");
    await().atMost(PATIENCE).until(() -> envoy.heard().size() == 8);
    envoy.acceptAgain("orders");
    server.put("orders", "10.0.0.8:50058", "10.0.0.9:50059");
    await().atMost(PATIENCE).until(() -> envoy.heard().size() == 9);
    assertThat(envoy.heard().subList(6, 9))
        .containsExactly("EDS orders", "EDS users", "EDS orders");
    assertThat(envoy.has(ResourceType.ENDPOINTS).get("orders")).isNotEqualTo(good);
  }

  @Test
  void nameThatIsLetGoIsNotSentUntilItIsAskedForAgain() {
    connectAndHearAll();
    envoy.unsubscribe(ResourceType.ENDPOINTS, "orders");
    // Its answer says that the server has heard what was said before.
    envoy.subscribe(ResourceType.ENDPOINTS, "nobody");
    await().atMost(PATIENCE).until(() -> envoy.heard().size() == 7);
    server.put("orders", "10.0.0.8:50058");
    server.put("users", "10.0.0.4:50054");
    await().atMost(PATIENCE).until(() -> envoy.heard().size() == 8);

    envoy.subscribe(ResourceType.ENDPOINTS, "orders");
    await().atMost(PATIENCE).until(() -> envoy.heard().size() == 9);
    assertThat(envoy.heard().subList(6, 9))
        .containsExactly("EDS -nobody", "EDS users", "EDS orders");
  }

  @Test
  void nameThatDoesNotExistIsRemovedAndSentWhenItComes() {
    connectAndHearAll();
    envoy.subscribe(ResourceType.ENDPOINTS, "later");
    await().atMost(PATIENCE).until(() -> envoy.heard().contains("EDS -later"));
    server.put("later", "10.0.0.6:50056");

    await().atMost(PATIENCE).until(() -> envoy.heard().contains("EDS later"));
  }
}
