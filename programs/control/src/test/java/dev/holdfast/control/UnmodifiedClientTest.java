package dev.holdfast.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.control.resources.Policy;
import dev.holdfast.control.resources.PolicyResources;
import dev.holdfast.control.resources.PolicyText;
import io.grpc.ManagedChannel;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** grpc-java's own xDS client, which nobody has changed, over a registry of files. */
class UnmodifiedClientTest {
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
  void callsFollowTheRegistry() throws Exception {
    Backend one = topology.backend("one");
    Backend two = topology.backend("two");
    topology.list("orders", one.address());
    ControlPlane control = topology.control();
    ManagedChannel channel = topology.channel("orders", control.address());

    assertThat(Backend.who(channel)).isEqualTo("one");
    topology.list("orders", one.address(), two.address());
    await().atMost(PATIENCE).until(() -> reached(channel).equals(Set.of("one", "two")));
    topology.list("orders", two.address());
    await().atMost(PATIENCE).until(() -> reached(channel).equals(Set.of("two")));
  }

  @Test
  void tenThousandEndpointsAreFollowed() throws Exception {
    Backend one = topology.backend("one");
    Backend two = topology.backend("two");
    // Who hashes connects to whom it calls, and not to all of them.
    Policy hashing = PolicyText.parse("services: {orders: {balancer: ring_hash, hash-header: x}}");
    ControlPlane control =
        topology.control(new PolicyResources(hashing), ControlPlaneFixture.anywhere());
    topology.list("orders", tenThousandWith(one));
    ManagedChannel channel = topology.channel("orders", control.address());

    assertThat(Backend.who(channel)).isEqualTo("one");
    topology.list("orders", tenThousandWith(two));
    await().atMost(PATIENCE).until(() -> Backend.who(channel).equals("two"));
    assertThat(topology.count("holdfast.control.acks", "accepted")).isPositive();
    assertThat(topology.count("holdfast.control.acks", "rejected")).isZero();
  }

  /** One that answers gets half of the calls; at the others nobody listens. */
  private static String[] tenThousandWith(Backend backend) {
    return Stream.concat(
            Stream.of(backend.address() + " weight=10000"),
            IntStream.range(1, 10_000)
                .mapToObj(i -> "127.1.%d.%d:%d".formatted(i / 250, 1 + i % 250, backend.port())))
        .toArray(String[]::new);
  }

  @Test
  void whoFindsTheFirstControlPlaneDeadAsksTheSecond() throws Exception {
    Backend one = topology.backend("one");
    Backend two = topology.backend("two");
    topology.list("orders", one.address());
    InetSocketAddress dead = topology.control().address();
    topology.closeLast();
    ManagedChannel channel = topology.channel("orders", dead, topology.control().address());

    assertThat(Backend.who(channel)).isEqualTo("one");
    topology.list("orders", two.address());
    await().atMost(PATIENCE).until(() -> Backend.who(channel).equals("two"));
  }

  private static Set<String> reached(ManagedChannel channel) {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < 4; i++) {
      names.add(Backend.who(channel));
    }
    return names;
  }
}
