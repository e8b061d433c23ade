package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMemory;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Clients that stall, in every protocol, beside one that calls the same endpoint over the same
 * connection of the gateway: what is held for a client is that client's to pay for.
 */
@ParameterizedClass
@ArgumentsSource(TestedTransports.class)
class StalledClientsTest {
  /** More than a connection of the gateway may hold: each stream has a quarter of a MiB. */
  private static final int STREAMS = 80;

  private static final int STREAMS_EACH = 100;

  /** Connections that send nearly 4 MB each. */
  private static final int UPLOADS = 20;

  /** Enough where memory is scarce; a client's encryption is dear where only C1 compiles. */
  private static final int FEW_UPLOADS = 4;

  private static final int LITTLE = 4 << 20;

  private final Transport transport;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  StalledClientsTest(Transport transport) {
    this.transport = transport;
  }

  @AfterEach
  void close() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }

  /** A way to stall over the web. */
  enum Way {
    JSON_HTTP_1,
    JSON_HTTP_2,
    DOCUMENT_HTTP_2,
    GRPC_WEB_HTTP_1,
    GRPC_WEB_HTTP_2,
    BODY,
    FRAGMENTS,
    FRAME;

    void stall(StalledClients clients, int uploads) throws Exception {
      switch (this) {
        case JSON_HTTP_1 -> clients.jsonOverHttp1(STREAMS / 4);
        case JSON_HTTP_2 -> clients.jsonOverHttp2(1, STREAMS);
        case DOCUMENT_HTTP_2 -> clients.documentsOverHttp2(1, STREAMS);
        case GRPC_WEB_HTTP_1 -> clients.grpcWebOverHttp1(STREAMS / 4);
        case GRPC_WEB_HTTP_2 -> clients.grpcWebOverHttp2(1, STREAMS);
        case BODY -> clients.bodies(uploads);
        case FRAGMENTS -> clients.fragments(uploads);
        case FRAME -> clients.frames(uploads);
      }
    }
  }

  @Test
  void streamsThatNobodyTakesEndNoCallOfANeighbour() throws Exception {
    AttackedGateway attackedGateway = attackedGateway(GatewayMemory.ofProcess());
    BackgroundCaller neighbour = attackedGateway.neighbour();
    StalledClients clients = closing(clients(attackedGateway.gateway));
    RawPeer client = clients.streams(1, STREAMS).get(0);
    patiently()
        .until(() -> attackedGateway.rig.met("connection_bytes") >= 10 || neighbour.isHarmed());
    neighbour.assertUnharmed();
    assertThat(client.next("RST_STREAM").code()).isEqualTo(Http2Error.ENHANCE_YOUR_CALM.code());
    assertThat(client.isOpen()).isTrue();
    assertThat(GatewayRig.kept(attackedGateway.gateway))
        .isLessThan(GatewayLimits.CONNECTION_BYTES + (1L << 20));
    clients.close();
    neighbour.assertUnharmed();
    neighbour.stop();
    attackedGateway.backgroundCaller.stop();
    patiently().untilAsserted(() -> assertThat(GatewayRig.kept(attackedGateway.gateway)).isZero());
  }

  @Test
  void headersOfOpenCallsAreOnTheirClientsAccount() throws Exception {
    AttackedGateway attackedGateway = attackedGateway(GatewayMemory.ofProcess());
    BackgroundCaller neighbour = attackedGateway.neighbour();
    StalledClients clients = closing(clients(attackedGateway.gateway));
    clients.headers(1, STREAMS_EACH);
    // As much as their text at least, without what is free.
    long least = STREAMS_EACH * 5_000L;
    patiently()
        .untilAsserted(
            () -> assertThat(GatewayRig.kept(attackedGateway.gateway)).isGreaterThan(least));
    neighbour.assertUnharmed();
    clients.close();
    neighbour.stop();
    attackedGateway.backgroundCaller.stop();
    patiently().untilAsserted(() -> assertThat(GatewayRig.kept(attackedGateway.gateway)).isZero());
  }

  @Test
  void requestsThatAnUpstreamDoesNotTakeEndNoCallOfANeighbour() throws Exception {
    Http2Settings closed = new Http2Settings().initialWindowSize(0).maxConcurrentStreams(1_000);
    RawPeer.Upstream upstream = RawPeer.listen(closed);
    open.push(upstream);
    AttackedGateway attackedGateway =
        attackedGateway(upstream.address(), GatewayMemory.ofProcess());
    BackgroundCaller neighbour = attackedGateway.neighbour();
    StalledClients clients = closing(clients(attackedGateway.gateway));
    RawPeer client = clients.uploads(1, STREAMS).get(0);
    patiently()
        .until(() -> attackedGateway.rig.met("connection_bytes") >= 10 || neighbour.isHarmed());
    assertThat(client.next("HEADERS").header("grpc-status")).isEqualTo("8");
    // Neither do other calls of the same client, to another endpoint.
    client.headers(
        1_001,
        RawPeer.call("/test.Echo/Unary").authority("good").add(BackgroundCaller.MARK, "1"),
        false);
    client.data(1_001, new byte[] {0, 0, 0, 0, 1, 1}, true);
    RawPeer.Frame answer = client.next("HEADERS");
    while (answer.stream() != 1_001) {
      answer = client.next("HEADERS");
    }
    assertThat(answer.header("grpc-status")).isEmpty();
    neighbour.assertUnharmed();
    attackedGateway.backgroundCaller.assertUnharmed();
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void stalledRequestsOverTheWebEndNoCallOfANeighbour(Way way) throws Exception {
    FrontendRig frontends = frontends(GatewayMemory.ofProcess());
    BackgroundCaller neighbour = closing(frontends.backgroundCaller());
    StalledClients clients = closing(clients(frontends.gateway));
    way.stall(clients, uploads());
    patiently().until(() -> GatewayRig.kept(frontends.gateway) > LITTLE || neighbour.isHarmed());
    neighbour.assertUnharmed();
    clients.close();
    neighbour.assertUnharmed();
    neighbour.stop();
    patiently().untilAsserted(() -> assertThat(GatewayRig.kept(frontends.gateway)).isZero());
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void whenMemoryIsScarceTheHeaviestPay(Way way) throws Exception {
    FrontendRig frontends = frontends(new GatewayMemory(LITTLE));
    BackgroundCaller neighbour = closing(frontends.backgroundCaller());
    StalledClients clients = closing(clients(frontends.gateway));
    way.stall(clients, FEW_UPLOADS);
    patiently().until(() -> frontends.rig.met("memory") > 0 || neighbour.isHarmed());
    neighbour.assertUnharmed();
    // What was read in the turn in which it was met is held until its end.
    patiently().until(() -> GatewayRig.kept(frontends.gateway) <= LITTLE + (1L << 20));
    clients.close();
    neighbour.assertUnharmed();
    neighbour.stop();
    patiently().untilAsserted(() -> assertThat(GatewayRig.kept(frontends.gateway)).isZero());
  }

  @Test
  void whenMemoryIsScarceTheHeaviestStreamsPay() throws Exception {
    AttackedGateway attackedGateway = attackedGateway(new GatewayMemory(LITTLE));
    BackgroundCaller neighbour = attackedGateway.neighbour();
    StalledClients clients = closing(clients(attackedGateway.gateway));
    List<RawPeer> heavy = clients.streams(4, STREAMS_EACH / 4);
    patiently().until(() -> attackedGateway.rig.met("memory") > 0 || neighbour.isHarmed());
    // A client that holds less than its share, though it holds something.
    RawPeer light = clients.streams(1, 1).get(0);
    light.next("HEADERS");
    patiently().until(() -> GatewayRig.kept(attackedGateway.gateway) <= LITTLE + (1L << 20));
    neighbour.assertUnharmed();
    light.ping(1);
    RawPeer.Frame next = light.next("RST_STREAM", "GOAWAY", "PONG");
    assertThat(next.type()).isEqualTo("PONG");
    assertThat(heavy).allMatch(RawPeer::isOpen);
  }

  private AttackedGateway attackedGateway(GatewayMemory memory) throws Exception {
    return attackedGateway(closing(new GatewayRig()).serve(new Echo()), memory);
  }

  private AttackedGateway attackedGateway(String upstream, GatewayMemory memory) throws Exception {
    Map<String, String> upstreams = Map.of(AttackedGateway.OTHER, upstream);
    return closing(new AttackedGateway(upstreams, GatewayLimits.DEFAULT, memory, transport));
  }

  private FrontendRig frontends(GatewayMemory memory) throws IOException {
    return closing(new FrontendRig(FrontendRig.KNOWN, GatewayLimits.DEFAULT, memory, transport));
  }

  private int uploads() {
    return transport == Transport.TLS ? FEW_UPLOADS : UPLOADS;
  }

  private StalledClients clients(Gateway gateway) {
    return new StalledClients(transport.address(gateway), transport);
  }

  private static ConditionFactory patiently() {
    return await().atMost(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS));
  }

  private <T extends AutoCloseable> T closing(T thing) {
    open.push(thing);
    return thing;
  }
}
