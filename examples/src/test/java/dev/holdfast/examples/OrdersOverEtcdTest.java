package dev.holdfast.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.registry.etcd.local.EtcdProcess;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole way over a real etcd: servers that register themselves, and the three ways to follow
 * them, each under calls from the first to the last moment.
 */
class OrdersOverEtcdTest {
  private static final String TIMES = "?ttl=4s&request-timeout=2s";
  private static final ChannelCredentials PLAIN = InsecureChannelCredentials.create();

  @TempDir private Path folder;
  private EtcdProcess etcd;
  private Registries serverSide;
  private final List<HoldfastServer> servers = new ArrayList<>();
  private final List<SteadyCaller> callers = new ArrayList<>();

  @BeforeEach
  void startTwoInstancesAndCallThemInThreeWays() throws IOException {
    etcd = EtcdProcess.start(folder);
    serverSide = new Registries(RegistryContext.system());
    serve("a");
    serve("b");
    soon().until(() -> servers.stream().allMatch(OrdersOverEtcdTest::isVisible));
    call("Holdfast channel", HoldfastChannelBuilder.forTarget(target(), PLAIN).build());
    call(
        "plain channel",
        Grpc.newChannelBuilder(target(), PLAIN).defaultLoadBalancingPolicy("round_robin").build());
    call(
        "name of the environment",
        HoldfastChannelBuilder.forTarget(
                "holdfast:///orders",
                PLAIN,
                new Registries(
                    RegistryContext.system()
                        .withEnvironment(Map.of("HOLDFAST_REGISTRY", etcd.uri("prod") + TIMES))))
            .build());
    awaitCallsReach("a", "b");
  }

  @AfterEach
  void close() {
    callers.forEach(SteadyCaller::close);
    servers.forEach(HoldfastServer::shutdownNow);
    soon().until(() -> servers.stream().allMatch(OrdersOverEtcdTest::isAbsent));
    etcd.close();
  }

  @Test
  void anInstanceThatJoinsIsCalledAndOneThatLeavesCostsNoCall() throws Exception {
    HoldfastServer joined = serve("c");
    awaitCallsReach("a", "b", "c");

    joined.shutdown();

    assertThat(joined.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    awaitCallsReach("a", "b");
    assertNoCallFailed();
  }

  @Test
  void anEtcdThatIsStoppedAndStartedCostsNoCallAndItsNewcomerIsCalled() throws Exception {
    etcd.stop();
    // Every lease is lost.
    soon().until(() -> servers.stream().noneMatch(OrdersOverEtcdTest::isVisible));
    for (SteadyCaller caller : callers) {
      long answers = caller.answers();
      soon().until(() -> caller.answers() > answers);
    }
    HoldfastServer newcomer = serve("c");
    assertThat(isVisible(newcomer)).isFalse();

    etcd.start();
    etcd.awaitHealthy();

    awaitRecords(3);
    awaitCallsReach("a", "b", "c");
    assertNoCallFailed();
  }

  @Test
  void aWipedEtcdCostsNoCallAndHoldsEveryRecordAgain() throws Exception {
    etcd.stop();
    etcd.wipe();
    etcd.start();
    etcd.awaitHealthy();

    awaitRecords(2);
    serve("c");
    awaitCallsReach("a", "b", "c");
    awaitRecords(3);
    assertNoCallFailed();
  }

  private String target() {
    return etcd.uri("prod") + "/orders" + TIMES;
  }

  private HoldfastServer serve(String name) throws IOException {
    HoldfastServer server =
        HoldfastServerBuilder.forPort(0)
            .addService(new OrdersService(name, "", ""))
            .registries(serverSide)
            .register(target())
            .build()
            .start();
    servers.add(server);
    return server;
  }

  private void call(String name, ManagedChannel channel) {
    callers.add(new SteadyCaller(name, channel));
  }

  /** Every channel reaches exactly these from now on. */
  private void awaitCallsReach(String... instances) {
    for (SteadyCaller caller : callers) {
      soon().until(() -> caller.reachesNow().equals(Set.of(instances)));
    }
  }

  /** The store itself holds so many, as a newcomer reads it. */
  private void awaitRecords(int count) {
    try (Registries.Handle newcomer =
        new Registries(RegistryContext.system())
            .open(RegistryUri.parse(etcd.uri("prod") + TIMES))) {
      // What the store says in time: a busy machine may take longer over a request now and then.
      soon().ignoreExceptions().until(() -> records(newcomer).endpoints().size() == count);
    }
  }

  private static EndpointSet records(Registries.Handle registry) throws Exception {
    return registry
        .registry()
        .read(ServiceName.of("prod", "orders"))
        .toCompletableFuture()
        .get(60, TimeUnit.SECONDS)
        .endpoints();
  }

  private void assertNoCallFailed() {
    for (SteadyCaller caller : callers) {
      assertThat(caller.failures()).as(caller.toString()).isEmpty();
    }
  }

  private static boolean isVisible(HoldfastServer server) {
    return server.registration().state() == RegistrationState.VISIBLE;
  }

  private static boolean isAbsent(HoldfastServer server) {
    return server.registration().state() == RegistrationState.ABSENT;
  }

  private static ConditionFactory soon() {
    return await().atMost(Duration.ofSeconds(90)).pollInterval(Duration.ofMillis(20));
  }
}
