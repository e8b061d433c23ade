package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.discovery.EndpointDirectory;
import dev.holdfast.core.discovery.LastKnownGoodOptions;
import dev.holdfast.core.testkit.InMemoryStore;
import dev.holdfast.core.testkit.RefusingPort;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.ClusterLbPolicy;
import dev.holdfast.gateway.cluster.ClusterOptions;
import dev.holdfast.gateway.cluster.LoadBalancingOptions;
import dev.holdfast.gateway.cluster.OutlierOptions;
import dev.holdfast.gateway.cluster.RetryBudgetOptions;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.route.RetryPolicy;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the gateway makes of endpoints that fail, ask for patience, or stand elsewhere. */
class BadEndpointTest {
  private static final String PATH = "/test.Echo/Unary";
  private static final int FAULTS = OutlierOptions.DEFAULT.faults();

  private final GatewayRig rig = new GatewayRig();
  private int nextId = 1;

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void whoResetsStreamsIsLeftOut() throws Exception {
    RawPeer.Upstream bad =
        upstream((peer, call) -> peer.reset(call.stream(), Http2Error.INTERNAL_ERROR.code()));
    RawPeer.Upstream good = upstream(BadEndpointTest::answer);
    rig.cluster(GatewayRig.PATIENT.withBalance(ClusterLbPolicy.ROUND_ROBIN));
    RawPeer client = rig.client(rig.gateway(bad.address(), good.address()));

    int failed = 0;
    while (ejected("reset") == 0) {
      failed += call(client).header("grpc-status").equals("13") ? 1 : 0;
      assertThat(failed).isLessThanOrEqualTo(FAULTS + 1);
    }
    assertThat(failed).isGreaterThanOrEqualTo(FAULTS);
    for (int i = 0; i < 10; i++) {
      assertThat(call(client).header("grpc-status")).isEqualTo("0");
    }
  }

  @Test
  void whatClientsAndApplicationsDoSpeaksAgainstNobody() throws Exception {
    rig.cluster(GatewayRig.PATIENT.withBalance(ClusterLbPolicy.ROUND_ROBIN));
    BiConsumer<RawPeer, RawPeer.Frame> server =
        (peer, request) -> {
          if (request.header(":path").endsWith("Fail")) {
            peer.headers(request.stream(), RawPeer.head().add("grpc-status", "13"), true);
          }
        };
    RawPeer client =
        rig.client(rig.gateway(upstream(server).address(), upstream(server).address()));
    for (int i = 0; i < 3 * FAULTS; i++) {
      int cancelled = id();
      client.headers(cancelled, RawPeer.call("/test.Echo/Silent"), true);
      client.reset(cancelled, Http2Error.CANCEL.code());
      client.headers(id(), RawPeer.call("/test.Echo/Silent").add("grpc-timeout", "1m"), true);
      assertThat(client.next("HEADERS").header("grpc-status")).isEqualTo("4");
    }
    for (int i = 0; i < 3 * FAULTS; i++) {
      client.headers(id(), RawPeer.call("/test.Echo/Fail"), true);
      assertThat(client.next("HEADERS").header("grpc-status")).isEqualTo("13");
    }
    assertThat(rig.meters.find("holdfast.gateway.ejected").counters()).isEmpty();
  }

  @Test
  void whoCannotBeConnectedIsLeftOutAndNobodyNotices() throws Exception {
    String deaf = rig.closing(new RefusingPort()).toString();
    RawPeer.Upstream good = upstream(BadEndpointTest::answer);
    OutlierOptions soon = new OutlierOptions(2, Duration.ofSeconds(30), Duration.ofSeconds(10), 50);
    rig.cluster(GatewayRig.PATIENT.withOutliers(soon).withBalance(ClusterLbPolicy.ROUND_ROBIN));
    RawPeer client = rig.client(rig.gateway(deaf, good.address()));
    await()
        .atMost(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS))
        .until(
            () -> {
              assertThat(call(client).header("grpc-status")).isEqualTo("0");
              return ejected("connect") > 0;
            });
  }

  @Test
  void noCallWaitsForAnEndpointThatNeverSaysItsSettings() throws Exception {
    ByteBuffer nothing = ByteBuffer.allocate(0);
    List<String> endpoints = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      RawServer.ScriptedServer mute = new RawServer.ScriptedServer(nothing, nothing, false);
      endpoints.add(rig.closing(new RawServer(mute)).address());
    }
    endpoints.add(upstream(BadEndpointTest::answer).address());
    ClusterOptions patient = GatewayRig.PATIENT;
    rig.cluster(patient);
    RawPeer client = rig.client(rig.gateway(endpoints.toArray(String[]::new)));
    for (int i = 0; i < 20; i++) {
      assertThat(call(client).header("grpc-status")).isEqualTo("0");
    }
  }

  @Test
  void endpointThatAsksForPatienceGetsItAndLearnsOfTheAttemptBefore() throws Exception {
    RawPeer.Upstream upstream = upstream();
    rig.terms(retrying(Set.of(GrpcStatusCode.RESOURCE_EXHAUSTED)));
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    client.headers(id(), RawPeer.call(PATH).add("grpc-previous-rpc-attempts", "1"), true);
    RawPeer server = upstream.accepted();
    RawPeer.Frame first = server.next("HEADERS");
    assertThat(first.header("grpc-previous-rpc-attempts")).isEqualTo("1");
    long asked = System.nanoTime();
    server.headers(first.stream(), pushback("8", "120"), true);
    RawPeer.Frame second = server.next("HEADERS");
    assertThat(System.nanoTime() - asked).isGreaterThan(100_000_000L);
    assertThat(second.header("grpc-previous-rpc-attempts")).isEqualTo("2");
    server.headers(second.stream(), pushback("8", "-1"), true);
    RawPeer.Frame answer = client.next("HEADERS", "RST_STREAM");
    assertThat(answer.header("grpc-status")).isEqualTo("8");
    assertThat(answer.header("grpc-retry-pushback-ms")).isEqualTo("-1");
  }

  @Test
  void callsThatAllFailAreNotMultipliedWithoutEnd() throws Exception {
    AtomicInteger attempts = new AtomicInteger();
    RawPeer.Upstream down =
        upstream(
            (peer, call) -> {
              attempts.incrementAndGet();
              peer.headers(call.stream(), pushback("14", "0"), true);
            });
    rig.terms(retrying(Set.of(GrpcStatusCode.UNAVAILABLE)));
    rig.cluster(GatewayRig.PATIENT.withRetries(new RetryBudgetOptions(50, 2)));
    RawPeer client = rig.client(rig.gateway(down.address()));
    for (int i = 0; i < 10; i++) {
      assertThat(call(client).header("grpc-status")).isEqualTo("14");
    }
    // The burst, which is full at the first call, and half of the nine that follow.
    assertThat(attempts).hasValue(10 + 2 + 4);
    assertThat(limited()).isEqualTo(10);
  }

  @Test
  void callsLostOnTheirWayAreRepeatedWithinTheBudgetOfTheirCluster() throws Exception {
    AtomicInteger attempts = new AtomicInteger();
    RawPeer.Upstream down =
        upstream(
            (peer, call) -> {
              attempts.incrementAndGet();
              peer.reset(call.stream(), Http2Error.INTERNAL_ERROR.code());
            });
    RetryPolicy idempotent = new RetryPolicy(5, true, Set.of());
    rig.terms(new RouteOptions(Duration.ZERO, Duration.ZERO, idempotent, Optional.empty()));
    rig.cluster(GatewayRig.PATIENT.withRetries(new RetryBudgetOptions(0, 3)));
    RawPeer client = rig.client(rig.gateway(down.address()));
    for (int i = 0; i < 5; i++) {
      assertThat(call(client).header("grpc-status")).isEqualTo("13");
    }
    assertThat(attempts).hasValue(5 + 3);
    assertThat(limited()).isEqualTo(5);
  }

  @Test
  void whatAnEndpointRefusesUnprocessedIsNotOfThatBudget() throws Exception {
    AtomicInteger attempts = new AtomicInteger();
    RawPeer.Upstream busy =
        upstream(
            (peer, call) -> {
              if (attempts.incrementAndGet() % 5 == 0) {
                answer(peer, call);
              } else {
                peer.reset(call.stream(), Http2Error.REFUSED_STREAM.code());
              }
            });
    rig.cluster(GatewayRig.PATIENT.withRetries(new RetryBudgetOptions(0, 0)));
    RawPeer client = rig.client(rig.gateway(busy.address()));
    for (int i = 0; i < 5; i++) {
      assertThat(call(client).header("grpc-status")).isEqualTo("0");
    }
    assertThat(attempts).hasValue(25);
    assertThat(limited()).isZero();
  }

  @Test
  void ownZoneIsServedFromOwnZone() throws Exception {
    RawPeer.Upstream near = upstream(BadEndpointTest::answer);
    RawPeer.Upstream far = upstream();
    Cluster cluster =
        Cluster.fixed(
            "echo",
            EndpointSet.of(
                Endpoint.of(near.address()).withZone("a"),
                Endpoint.of(far.address()).withZone("b")),
            GatewayRig.PATIENT.withLoadBalancing(LoadBalancingOptions.DEFAULT.withZone("a")));
    Route route = new Route("all", "echo", RouteOptions.DEFAULT);
    GatewaySnapshot snapshot =
        new GatewaySnapshot(head -> route, Map.of("echo", cluster), GatewayLimits.DEFAULT);
    RawPeer client = rig.client(rig.gateway(snapshot));
    for (int i = 0; i < 10; i++) {
      assertThat(call(client).header("grpc-status")).isEqualTo("0");
    }
    assertThat(far.peers()).isEmpty();
  }

  @Test
  void whoDrainsEndsItsCallsAndGetsNoOthers() throws Exception {
    BiConsumer<RawPeer, RawPeer.Frame> unary =
        (peer, call) -> {
          if (call.header(":path").equals(PATH)) {
            answer(peer, call);
          }
        };
    RawPeer.Upstream leaving = upstream(unary);
    RawPeer.Upstream staying =
        upstream(
            (peer, call) ->
                peer.headers(call.stream(), RawPeer.head().add("grpc-status", "5"), true));
    RegistryContext context = RegistryContext.system();
    InMemoryStore store = new InMemoryStore(context.scheduler(), Duration.ofSeconds(15));
    ServiceName echo = ServiceName.parse("echo");
    Endpoint leaver = Endpoint.of(leaving.address());
    store.put(echo, leaver);
    EndpointDirectory directory =
        rig.closing(
            EndpointDirectory.over(
                store.connect(context), context, LastKnownGoodOptions.forTtl(store.ttl())));
    Cluster cluster =
        rig.closing(
            Cluster.following(
                "echo",
                directory,
                echo,
                GatewayRig.PATIENT.withLoadBalancing(
                    new LoadBalancingOptions(ClusterLbPolicy.ROUND_ROBIN, "", Duration.ZERO))));
    Route route = new Route("all", "echo", RouteOptions.DEFAULT);
    RawPeer client =
        rig.client(
            rig.gateway(
                new GatewaySnapshot(
                    head -> route, Map.of("echo", cluster), GatewayLimits.DEFAULT)));
    client.headers(id(), RawPeer.call("/test.Echo/Long"), true);
    RawPeer server = leaving.accepted();
    int open = server.next("HEADERS").stream();

    store.put(echo, leaver.withDraining(true));
    store.put(echo, Endpoint.of(staying.address()));
    await()
        .atMost(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS))
        .until(() -> call(client).header("grpc-status").equals("5"));
    for (int i = 0; i < 5; i++) {
      assertThat(call(client).header("grpc-status")).isEqualTo("5");
    }
    assertThat(server.isOpen()).isTrue();
    server.headers(open, RawPeer.head().add("grpc-status", "0"), true);
    assertThat(client.next("HEADERS", "RST_STREAM").header("grpc-status")).isEqualTo("0");
    await().atMost(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS)).until(() -> !server.isOpen());
  }

  private static RouteOptions retrying(Set<GrpcStatusCode> statuses) {
    return new RouteOptions(
        Duration.ZERO, Duration.ZERO, new RetryPolicy(5, false, statuses), Optional.empty());
  }

  private static Http2Headers pushback(String status, String millis) {
    return RawPeer.head().add("grpc-status", status).add("grpc-retry-pushback-ms", millis);
  }

  private RawPeer.Frame call(RawPeer client) throws InterruptedException {
    client.headers(id(), RawPeer.call(PATH), true);
    return client.next("HEADERS", "RST_STREAM");
  }

  private int id() {
    nextId += 2;
    return nextId;
  }

  private double limited() {
    return rig.meters.get("holdfast.gateway.limited").tag("limit", "retries").counter().count();
  }

  private double ejected(String reason) {
    var counter = rig.meters.find("holdfast.gateway.ejected").tag("reason", reason).counter();
    return counter == null ? 0 : counter.count();
  }

  private static void answer(RawPeer peer, RawPeer.Frame call) {
    peer.headers(call.stream(), RawPeer.head().add("grpc-status", "0"), true);
  }

  private RawPeer.Upstream upstream() {
    return upstream((peer, call) -> {});
  }

  private RawPeer.Upstream upstream(BiConsumer<RawPeer, RawPeer.Frame> answers) {
    return rig.closing(RawPeer.listen(new Http2Settings().maxConcurrentStreams(100), answers));
  }
}
