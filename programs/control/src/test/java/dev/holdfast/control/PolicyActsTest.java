package dev.holdfast.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.control.resources.PolicyResources;
import dev.holdfast.control.resources.PolicyText;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a policy says is what grpc-java's own xDS client does, not only what it accepts. */
class PolicyActsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int CALLS = 6;

  /** That all of so many hash to one of three instances happens once in 100,000 runs. */
  private static final int CUSTOMERS = 12;

  @TempDir Path folder;
  private ControlPlaneFixture topology;

  @BeforeEach
  void open() throws Exception {
    topology = new ControlPlaneFixture(folder);
  }

  @AfterEach
  void close() throws Exception {
    double accepted = topology.count("holdfast.control.acks", "accepted");
    double rejected = topology.count("holdfast.control.acks", "rejected");
    topology.close();

    assertThat(accepted).isPositive();
    assertThat(rejected).isZero();
  }

  /** A client under the policy of orders. */
  private Channel under(String policy) throws IOException {
    PolicyResources resources =
        new PolicyResources(PolicyText.parse("services: {orders: " + policy + "}"));
    ControlPlane control = topology.control(resources, ControlPlaneFixture.anywhere());
    return topology.channel("orders", control.address());
  }

  private static Channel with(Channel channel, String header, String value) {
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of(header, Metadata.ASCII_STRING_MARSHALLER), value);
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  /** Who answers some calls, one after the other. */
  private static Set<String> reached(Channel channel, MethodDescriptor<String, String> method) {
    Set<String> names = new TreeSet<>();
    for (int i = 0; i < CALLS; i++) {
      names.add(Backend.ask(channel, method));
    }
    return names;
  }

  private static void awaitAll(Channel channel, String... names) {
    await().atMost(PATIENCE).until(() -> reached(channel, Backend.WHO).equals(Set.of(names)));
  }

  @Test
  void callThatFailsIsRepeatedWhereItsMethodIsNamed() throws Exception {
    Backend moody =
        topology.backend("moody", call -> call % 2 == 1 ? Status.UNAVAILABLE : Status.OK);
    topology.list("orders", moody.address());
    Channel channel = under("{retry: {methods: [/test.Backend/Who], attempts: 2, backoff: 1ms}}");

    assertThat(Backend.ask(channel, Backend.WHO)).isEqualTo("moody");
    assertThat(moody.calls()).isEqualTo(2);
    assertThatThrownBy(() -> Backend.ask(channel, Backend.WHICH))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("UNAVAILABLE");
    assertThat(moody.calls()).isEqualTo(3);
  }

  @Test
  void instanceThatAnswersErrorsGetsNoMoreCalls() throws Exception {
    Backend sick = topology.backend("sick", call -> Status.INTERNAL);
    topology.list(
        "orders",
        topology.backend("one").address(),
        sick.address(),
        topology.backend("two").address());
    Channel channel =
        under(
            "{outliers: {interval: 500ms, ejection: 5m, max-ejected-percent: 50,"
                + " failure-percent: 50, min-calls: 1, min-instances: 1, grpc-java: true}}");
    await().atMost(PATIENCE).until(() -> failsSome(channel));

    await().atMost(PATIENCE).until(() -> !failsSome(channel));
    int before = sick.calls();
    assertThat(reached(channel, Backend.WHO)).containsExactly("one", "two");
    assertThat(sick.calls()).isEqualTo(before);
  }

  private static boolean failsSome(Channel channel) {
    try {
      return reached(channel, Backend.WHO).isEmpty();
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
      return true;
    }
  }

  @Test
  void callsGoByHeaderPathAndPercentage() throws Exception {
    topology.listVersion("orders", topology.backend("one"), "1");
    topology.listVersion("orders", topology.backend("two"), "2");
    Channel channel =
        under(
            """
            {
              subsets: {v1: {version: "1"}, v2: {version: "2"}},
              routes: [
                {headers: {x-tester: "true"}, to: v2},
                {path: /test.Backend/Which, to: v2},
                {headers: {x-part: {present: true}}, percent: 50%, to: v2}],
              split: {v1: 100%}}
            """);

    assertThat(reached(channel, Backend.WHO)).containsExactly("one");
    assertThat(reached(with(channel, "x-tester", "true"), Backend.WHO)).containsExactly("two");
    assertThat(reached(with(channel, "x-tester", "no"), Backend.WHO)).containsExactly("one");
    assertThat(reached(channel, Backend.WHICH)).containsExactly("two");
    awaitAll(with(channel, "x-part", "yes"), "one", "two");
  }

  @Test
  void callsWithOneHeaderStickToOneInstance() throws Exception {
    topology.list("orders", three());
    Channel channel = under("{balancer: ring_hash, hash-header: x-customer}");
    Set<String> chosen = new TreeSet<>();
    for (int customer = 0; customer < CUSTOMERS; customer++) {
      Set<String> names = reached(with(channel, "x-customer", "c" + customer), Backend.WHO);
      assertThat(names).hasSize(1);
      chosen.addAll(names);
    }

    assertThat(chosen).hasSizeGreaterThan(1);
  }

  @Test
  void leastRequestReachesAll() throws Exception {
    topology.list("orders", three());

    awaitAll(under("{balancer: least_request, choices: 2}"), "one", "two", "three");
  }

  private String[] three() throws IOException {
    return new String[] {
      topology.backend("one").address(),
      topology.backend("two").address(),
      topology.backend("three").address()
    };
  }
}
