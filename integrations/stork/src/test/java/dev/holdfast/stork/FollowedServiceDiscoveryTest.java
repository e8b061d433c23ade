package dev.holdfast.stork;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.core.testkit.InMemoryProvider;
import dev.holdfast.core.testkit.InMemoryStore;
import dev.holdfast.core.testkit.VirtualScheduler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.smallrye.stork.api.NoServiceInstanceFoundException;
import io.smallrye.stork.api.ServiceDiscovery;
import io.smallrye.stork.api.ServiceInstance;
import io.smallrye.stork.integration.DefaultStorkInfrastructure;
import io.smallrye.stork.spi.config.SimpleServiceConfig;
import io.smallrye.stork.spi.config.SimpleServiceConfig.SimpleServiceDiscoveryConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Tests of the first list and of the end, in virtual time. */
class FollowedServiceDiscoveryTest {
  private static final Endpoint ONE = Endpoint.of("10.0.0.1:1001");
  private static final ServiceName ORDERS = ServiceName.of("prod", "orders");

  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final InMemoryStore store = new InMemoryStore(scheduler, Duration.ofSeconds(10));
  private final Registries registries =
      new Registries(
          new RegistryContext(
              scheduler,
              new SimpleMeterRegistry(),
              RandomGenerator.of("L64X128MixRandom"),
              Map.of("HOLDFAST_REGISTRY", "memory:///prod")),
          List.of(new InMemoryProvider("memory:///", (uri, context) -> store.connect(context))));

  @Test
  void theRegistryOfTheEnvironmentIsTheDefault() throws Exception {
    store.put(ORDERS, ONE);
    ServiceDiscovery discovery = discovery(Map.of());
    scheduler.runUntilIdle();
    assertThat(ports(asked(discovery))).containsExactly(1001);
  }

  @Test
  void aSelectionWaitsForTheFirstList() throws Exception {
    store.stop();
    ServiceDiscovery discovery = discovery(Map.of());
    CompletableFuture<List<ServiceInstance>> asked = asked(discovery);
    scheduler.advance(FollowedInstances.FIRST_LIST_TIMEOUT.minusMillis(1));
    assertThat(asked).isNotDone();

    store.put(ORDERS, ONE);
    store.start();
    scheduler.runUntilIdle();

    assertThat(ports(asked)).containsExactly(1001);
  }

  @Test
  void withoutAListInTimeSelectionsFailUntilOneIsThere() throws Exception {
    store.stop();
    ServiceDiscovery discovery = discovery(Map.of());
    CompletableFuture<List<ServiceInstance>> asked = asked(discovery);
    scheduler.advance(FollowedInstances.FIRST_LIST_TIMEOUT);

    assertFailsWithHf201(asked);
    assertFailsWithHf201(asked(discovery));
    store.put(ORDERS, ONE);
    store.start();
    scheduler.runUntilIdle();
    assertThat(ports(asked(discovery))).containsExactly(1001);
  }

  @Test
  void aSelectionThatIsCancelledLeavesTheOthersWaiting() throws Exception {
    store.stop();
    ServiceDiscovery discovery = discovery(Map.of());
    CompletableFuture<List<ServiceInstance>> impatient = asked(discovery);
    CompletableFuture<List<ServiceInstance>> patient = asked(discovery);
    impatient.cancel(true);
    store.put(ORDERS, ONE);
    store.start();
    scheduler.runUntilIdle();
    assertThat(ports(patient)).containsExactly(1001);
  }

  @Test
  void theWatchEndsWithTheLastReference() {
    @Nullable ServiceDiscovery discovery = discovery(Map.of());
    scheduler.runUntilIdle();
    assertThat(registries.directories()).hasSize(1);
    assertThat(discovery).isNotNull();

    discovery = null;

    await()
        .until(
            () -> {
              System.gc();
              return registries.directories().isEmpty();
            });
  }

  private ServiceDiscovery discovery(Map<String, String> attributes) {
    return new HoldfastServiceDiscoveryLoader(registries)
        .createServiceDiscovery(
            new SimpleServiceDiscoveryConfig("holdfast", attributes),
            "orders",
            new SimpleServiceConfig.Builder().setServiceName("orders").build(),
            new DefaultStorkInfrastructure());
  }

  private static CompletableFuture<List<ServiceInstance>> asked(ServiceDiscovery discovery) {
    return discovery.getServiceInstances().subscribeAsCompletionStage();
  }

  private static List<Integer> ports(CompletableFuture<List<ServiceInstance>> asked)
      throws Exception {
    return asked.get(60, TimeUnit.SECONDS).stream().map(ServiceInstance::getPort).toList();
  }

  private static void assertFailsWithHf201(CompletableFuture<List<ServiceInstance>> asked) {
    assertThatThrownBy(asked::join)
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOf(NoServiceInstanceFoundException.class)
        .hasMessageContaining("HF-201")
        .hasMessageContaining("prod/orders")
        .hasRootCauseMessage("the store in memory does not answer");
  }
}
