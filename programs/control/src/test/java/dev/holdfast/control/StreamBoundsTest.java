package dev.holdfast.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.control.xds.ResourceType;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What one client, or all of them together, can't have more of. */
class StreamBoundsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private BareServer server;
  private RawClient client;

  @BeforeEach
  void open() throws IOException {
    server = BareServer.inPlaintext();
    server.put("orders", "10.0.0.1:50051");
    client = new RawClient(server.address());
  }

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  private RawClient.Stream<DiscoveryRequest, DiscoveryResponse> asking(String... names) {
    RawClient.Stream<DiscoveryRequest, DiscoveryResponse> stream = client.sotw();
    stream.send(RawClient.asking(ResourceType.ENDPOINTS, names));
    return stream;
  }

  @Test
  void streamBeyondTheBoundIsRefusedAndThoseThatAreOpenGoOn() {
    var open = asking("orders");
    assertThat(RawClient.ports(open.await(0))).containsExactly(50051);
    for (int taken = 1; taken < ControlOptions.MAX_STREAMS; taken++) {
      assertThat(server.discoveryStreams.enter()).isTrue();
    }

    Status end = asking("orders").awaitEnd();
    assertThat(end.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(end.getDescription()).contains("streams: ").contains("(expected: <= 20000)");
    assertThat(server.meters.get("holdfast.control.streams.refused").counter().count()).isOne();

    open.send(RawClient.accepting(open.await(0), "orders"));
    server.put("orders", "10.0.0.2:50052");
    assertThat(RawClient.ports(open.await(1))).containsExactly(50052);
  }

  @Test
  void placeOfAStreamThatEndedIsFree() {
    for (int taken = 1; taken < ControlOptions.MAX_STREAMS; taken++) {
      assertThat(server.discoveryStreams.enter()).isTrue();
    }
    var last = asking("orders");
    last.await(0);
    last.end();
    await().atMost(PATIENCE).until(() -> server.discoveryStreams.size() == 0);

    assertThat(RawClient.ports(asking("orders").await(0))).containsExactly(50051);
  }

  @Test
  void requestThatIsTooLargeEndsItsStream() {
    Status end = asking("x".repeat(ControlOptions.MAX_REQUEST_BYTES)).awaitEnd();

    assertThat(end.getCode()).isEqualTo(Status.Code.CANCELLED);
    assertThat(RawClient.ports(asking("orders").await(0))).containsExactly(50051);
  }
}
