package dev.holdfast.gateway.config;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.discovery.EndpointDirectory;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.core.testkit.InMemoryProvider;
import dev.holdfast.core.testkit.InMemoryRegistry;
import dev.holdfast.core.testkit.InMemoryStore;
import dev.holdfast.core.testkit.VirtualScheduler;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.route.RequestHead;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of the services of a registry that forgets them, or is changed, in virtual time. */
class LiveConfigRegistryTest {
  private static final Duration TTL = Duration.ofSeconds(5);
  private static final Duration MOMENT = Duration.ofMillis(100);
  private static final ServiceName ORDERS = ServiceName.parse("orders");
  private static final ServiceName STOCK = ServiceName.parse("stock");
  private static final Endpoint OTHER = Endpoint.of(HostPort.parse("10.0.0.2:50051"));
  private static final Endpoint ENDPOINT = Endpoint.of(HostPort.parse("10.0.0.1:50051"));

  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final Map<String, InMemoryStore> stores = new HashMap<>();
  private final Map<String, InMemoryRegistry> clients = new HashMap<>();
  private final RegistryContext context =
      new RegistryContext(scheduler, new SimpleMeterRegistry(), new Random(1), Map.of());
  private final Registries registries =
      new Registries(context, List.of(new InMemoryProvider("memory://one/orders", this::open)));
  private final LiveConfig live = LiveConfig.open(registries, at("one"), Set.of());

  @AfterEach
  void close() {
    live.close();
    scheduler.runUntilIdle();
  }

  @Test
  void aServiceThatItsStoreForgotIsServedAsLongAsItsEndpointsAreInUse() {
    store("one").put(ORDERS, ENDPOINT);
    scheduler.advance(MOMENT);
    Cluster orders = orders();
    assertThat(orders.endpoints()).contains(EndpointSet.of(List.of(ENDPOINT)));

    store("one").wipe();
    scheduler.advance(TTL.multipliedBy(2));
    assertThat(orders()).isSameAs(orders);

    store("one").put(ORDERS, ENDPOINT);
    scheduler.advance(TTL.multipliedBy(10));
    assertThat(orders()).isSameAs(orders);
  }

  @Test
  void aServiceWhoseLastEndpointIsBelievedToBeGoneGoesWithoutAnotherWordOnNames() {
    store("one").put(ORDERS, ENDPOINT);
    scheduler.advance(MOMENT);
    Cluster orders = orders();

    store("one").delete(ORDERS, ENDPOINT.address());
    scheduler.advance(TTL.multipliedBy(2));
    assertThat(orders()).isSameAs(orders);

    scheduler.advance(TTL.multipliedBy(2));
    assertThat(orders.endpoints()).contains(EndpointSet.EMPTY);
    assertThat(live.snapshot().clusters()).isEmpty();
  }

  @Test
  void aServiceThatLeftInGoodOrderIsGoneAtOnce() {
    store("one").put(ORDERS, ENDPOINT);
    scheduler.advance(MOMENT);
    store("one").put(ORDERS, ENDPOINT.withDraining(true));
    scheduler.advance(MOMENT);

    store("one").delete(ORDERS, ENDPOINT.address());
    scheduler.advance(MOMENT);

    assertThat(live.snapshot().clusters()).isEmpty();
  }

  @Test
  void aConfiguredClusterOfAForgottenServiceIsStillReachedByItsName() {
    store("one").put(ORDERS, ENDPOINT);
    live.use(parsed("one", "clusters: {orders: {connect-timeout: 3s}}"));
    scheduler.advance(MOMENT);

    store("one").wipe();
    scheduler.advance(TTL);

    assertThat(live.snapshot().router().find(new Call("orders"))).isNotNull();
  }

  @Test
  void anotherRegistryIsFollowedOnceItHasSpoken() {
    store("one").put(ORDERS, ENDPOINT);
    scheduler.advance(MOMENT);
    Cluster orders = orders();
    store("two").put(STOCK, ENDPOINT);
    store("two").stop();

    live.use(at("two"));
    scheduler.advance(Duration.ofHours(1));
    assertThat(orders()).isSameAs(orders);
    store("one").put(ORDERS, OTHER);
    scheduler.advance(MOMENT);
    assertThat(orders.endpoints()).contains(EndpointSet.of(List.of(ENDPOINT, OTHER)));

    store("two").start();
    scheduler.advance(MOMENT);
    assertThat(live.snapshot().clusters()).containsOnlyKeys("stock");
    assertThat(requireNonNull(clients.get("one")).openWatches()).isZero();
  }

  @Test
  void whoComesBackToTheFormerRegistryBeforeTheOtherHasSpokenLosesNothing() {
    store("one").put(ORDERS, ENDPOINT);
    scheduler.advance(MOMENT);
    Cluster orders = orders();
    store("two").stop();

    live.use(at("two"));
    live.use(at("one"));
    store("two").start();
    scheduler.advance(MOMENT);
    assertThat(orders()).isSameAs(orders);

    store("one").put(STOCK, ENDPOINT);
    scheduler.advance(MOMENT);
    assertThat(live.snapshot().clusters()).containsOnlyKeys("orders", "stock");
  }

  @Test
  void aThirdRegistryTakesThePlaceOfOneThatIsStillAwaited() {
    store("one").put(ORDERS, ENDPOINT);
    scheduler.advance(MOMENT);
    store("two").stop();
    store("three").put(STOCK, ENDPOINT);

    live.use(at("two"));
    live.use(at("three"));
    assertThat(live.snapshot().clusters()).containsOnlyKeys("orders");
    scheduler.advance(MOMENT);
    assertThat(live.snapshot().clusters()).containsOnlyKeys("stock");
  }

  @Test
  void aClusterThatFollowsAnotherServiceStaysWithTheFormerUntilItsEndpointsAreKnown() {
    store("one").put(ORDERS, ENDPOINT);
    live.use(parsed("one", "clusters: {orders: {connect-timeout: 3s}}"));
    scheduler.advance(MOMENT);
    Cluster orders = orders();
    store("two").put(ORDERS, OTHER);
    store("two").stop();

    // The registry of the services is the same: nobody speaks again but the new service.
    String moved = "clusters: {orders: {target: 'memory://two/orders', connect-timeout: 3s}}";
    live.use(parsed("one", moved));
    scheduler.advance(Duration.ofHours(1));
    assertThat(orders()).isSameAs(orders);
    assertThat(orders.endpoints()).contains(EndpointSet.of(List.of(ENDPOINT)));

    store("two").start();
    scheduler.advance(TTL);
    assertThat(orders().endpoints()).contains(EndpointSet.of(List.of(OTHER)));
    scheduler.advance(EndpointDirectory.LINGER);
    assertThat(requireNonNull(clients.get("one")).openWatches()).isZero();
  }

  @Test
  void aClusterWithOtherOptionsIsAnotherAtOnce() {
    store("one").put(ORDERS, ENDPOINT);
    live.use(parsed("one", "clusters: {orders: {connect-timeout: 3s}}"));
    scheduler.advance(MOMENT);
    Cluster orders = orders();

    live.use(parsed("one", "clusters: {orders: {connect-timeout: 4s}}"));

    assertThat(orders()).isNotSameAs(orders);
  }

  @Test
  void aConfigurationWithoutARegistryHasNoServicesOfOneAtOnce() {
    store("one").put(ORDERS, ENDPOINT);
    scheduler.advance(MOMENT);

    live.use(GatewayConfig.EMPTY);

    assertThat(live.snapshot().clusters()).isEmpty();
  }

  private Cluster orders() {
    assertThat(live.snapshot().router().find(new Call("orders"))).isNotNull();
    return requireNonNull(live.snapshot().clusters().get("orders"));
  }

  private InMemoryStore store(String name) {
    return stores.computeIfAbsent(name, n -> new InMemoryStore(scheduler, TTL));
  }

  private static GatewayConfig at(String name) {
    return GatewayConfig.EMPTY.withRegistry(uri(name));
  }

  private GatewayConfig parsed(String name, String text) {
    return GatewayYaml.parse(
        "gateway.yaml", text, registries::resolveTarget, Optional.of(uri(name)));
  }

  private static RegistryUri uri(String name) {
    return RegistryUri.parse("memory://" + name);
  }

  /** A call of which only the authority says whom it is for. */
  private record Call(CharSequence authority) implements RequestHead {
    @Override
    public CharSequence path() {
      return "/shop.Unknown/Get";
    }

    @Override
    public @Nullable CharSequence header(CharSequence name) {
      return null;
    }
  }

  /** A store for each authority. */
  private Registry open(RegistryUri uri, RegistryContext given) {
    InMemoryRegistry client = store(uri.authority()).connect(given);
    clients.put(uri.authority(), client);
    return client;
  }
}
