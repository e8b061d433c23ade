package dev.holdfast.gateway.config;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.gateway.GatewaySnapshot;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.health.HealthCheckOptions;
import dev.holdfast.gateway.route.RequestHead;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.schema.ClusterSchemas;
import dev.holdfast.gateway.schema.ServiceSchema;
import dev.holdfast.gateway.tls.TlsContexts;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LiveConfigTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path folder;
  private final Registries registries = new Registries(RegistryContext.system());
  private final List<GatewaySnapshot> applied = new CopyOnWriteArrayList<>();

  @BeforeEach
  void register() throws IOException {
    service("orders", "10.0.0.1:50051");
  }

  @Test
  void theServicesOfARegistryAreClustersAsTheyComeAndGo() throws Exception {
    try (LiveConfig live = LiveConfig.open(registries, ofRegistry(), Set.of())) {
      assertThat(live.awaitNames(PATIENCE)).isTrue();
      live.follow(applied::add);
      assertThat(last().clusters()).containsOnlyKeys("orders");
      Cluster orders = requireNonNull(last().clusters().get("orders"));
      await()
          .atMost(PATIENCE)
          .until(() -> orders.endpoints().filter(e -> e.size() == 1).isPresent());

      service("stock", "10.0.0.2:50051");
      await().atMost(PATIENCE).until(() -> last().clusters().containsKey("stock"));
      assertThat(last().clusters().get("orders")).isSameAs(orders);
    }
  }

  @Test
  void aClusterOfWhichNothingChangedIsTheSameAfterAReload() {
    try (LiveConfig live = LiveConfig.open(registries, parsed("a", "10.0.0.1:1"), Set.of())) {
      live.follow(applied::add);
      Cluster before = last().clusters().get("a");

      live.use(parsed("a", "10.0.0.1:1"));
      assertThat(last().clusters().get("a")).isSameAs(before);

      live.use(parsed("a", "10.0.0.1:2"));
      Cluster after = requireNonNull(last().clusters().get("a"));
      assertThat(after).isNotSameAs(before);
      assertThat(after.endpoints().orElseThrow().contains(HostPort.parse("10.0.0.1:2"))).isTrue();
    }
  }

  @Test
  void otherHealthChecksKeepTheClusterAndItsConnections() {
    String plain = "clusters: {a: {endpoints: ['10.0.0.1:1']}}";
    GatewayConfig before = parse(plain, Optional.empty());
    try (LiveConfig live = LiveConfig.open(registries, before, Set.of())) {
      live.follow(applied::add);
      Cluster cluster = requireNonNull(last().clusters().get("a"));
      assertThat(last().health()).isEmpty();

      String checked = plain.replace("']", "'], health: {interval: 1s}");
      live.use(parse(checked, Optional.empty()));

      assertThat(last().clusters().get("a")).isSameAs(cluster);
      assertThat(last().health())
          .containsEntry("a", HealthCheckOptions.DEFAULT.withInterval(Duration.ofSeconds(1)));
    }
  }

  @Test
  void aConfigurationThatARegistryRefusesLeavesEverythingAsItWas() {
    try (LiveConfig live = LiveConfig.open(registries, parsed("a", "10.0.0.1:1"), Set.of())) {
      live.follow(applied::add);
      GatewaySnapshot before = last();
      GatewayConfig bad =
          parse("clusters: {b: {target: 'file:///run/x/b?nonsense=1'}}", Optional.empty());

      assertThatIllegalArgumentException().isThrownBy(() -> live.use(bad));

      assertThat(last()).isSameAs(before);
      assertThat(live.snapshot()).isSameAs(before);
      live.use(parsed("c", "10.0.0.1:1"));
      assertThat(last().clusters()).containsOnlyKeys("c");
    }
  }

  @Test
  void servicesAreStillFollowedAfterAConfigurationWasRefused() throws Exception {
    try (LiveConfig live = LiveConfig.open(registries, ofRegistry(), Set.of())) {
      assertThat(live.awaitNames(PATIENCE)).isTrue();
      live.follow(applied::add);
      GatewayConfig bad =
          parse("clusters: {b: {target: 'file:///run/x/b?nonsense=1'}}", Optional.of(uri()));
      assertThatIllegalArgumentException().isThrownBy(() -> live.use(bad));

      service("stock", "10.0.0.2:50051");
      await().atMost(PATIENCE).until(() -> last().clusters().containsKey("stock"));
    }
  }

  @Test
  void aConfiguredClusterTakesThePlaceOfTheServiceWithItsName() throws Exception {
    GatewayConfig config =
        parse("clusters: {orders: {endpoints: ['10.9.9.9:1']}}", Optional.of(uri()));
    try (LiveConfig live = LiveConfig.open(registries, config, Set.of())) {
      assertThat(live.awaitNames(PATIENCE)).isTrue();
      Cluster orders = requireNonNull(live.snapshot().clusters().get("orders"));
      assertThat(orders.endpoints().orElseThrow().contains(HostPort.parse("10.9.9.9:1"))).isTrue();
    }
  }

  @Test
  void servicesThatAreNamedAreServedWithoutAskingWhichThereAre() throws Exception {
    try (LiveConfig live = LiveConfig.open(registries, ofRegistry(), Set.of("stock"))) {
      assertThat(live.awaitNames(Duration.ZERO)).isTrue();
      assertThat(live.snapshot().clusters()).containsOnlyKeys("stock");
    }
  }

  @Test
  void grpcServicesThatClustersOfferAreRoutesAndOneOfTwoIsNamedWithTheOther() throws Exception {
    service("stock", "10.0.0.2:50051");
    Map<String, Set<String>> offers =
        Map.of("orders", Set.of("shop.Orders", "shop.Both"), "stock", Set.of("shop.Both"));
    ClusterSchemas schemas =
        new ClusterSchemas(
            registries.context().scheduler(),
            (cluster, endpoint) ->
                CompletableFuture.completedFuture(
                    new ServiceSchema(
                        requireNonNull(offers.get(cluster.name())),
                        Optional.empty(),
                        "",
                        "no files")),
            new Random(1));
    try (LiveConfig live =
        LiveConfig.open(
            registries,
            ofRegistry(),
            Set.of(),
            Optional.of(schemas),
            TlsContexts.open(new SimpleMeterRegistry()))) {
      live.follow(applied::add);
      RequestHead both = call("/shop.Both/Get");
      await()
          .atMost(PATIENCE)
          .until(() -> last().router().expectation(both).endsWith(": orders, stock"));

      assertThat(last().router().find(both)).isNull();
      Route route = last().router().find(call("/shop.Orders/Get"));
      assertThat(requireNonNull(route).cluster()).isEqualTo("orders");
    }
  }

  @Test
  void whileAServiceHasNotSaidWhatItOffersRoutesAreBeingLearned() throws Exception {
    CompletableFuture<ServiceSchema> answer = new CompletableFuture<>();
    ClusterSchemas schemas =
        new ClusterSchemas(
            registries.context().scheduler(), (cluster, endpoint) -> answer, new Random(1));
    try (LiveConfig live =
        LiveConfig.open(
            registries,
            ofRegistry(),
            Set.of(),
            Optional.of(schemas),
            TlsContexts.open(new SimpleMeterRegistry()))) {
      live.follow(applied::add);
      await().atMost(PATIENCE).until(() -> !last().clusters().isEmpty());
      assertThat(last().router().isLearning()).isTrue();

      answer.complete(new ServiceSchema(Set.of("shop.Orders"), Optional.empty(), "", "no files"));
      await().atMost(PATIENCE).until(() -> !last().router().isLearning());
    }
  }

  @Test
  void aSnapshotCantBeChanged() {
    try (LiveConfig live = LiveConfig.open(registries, GatewayConfig.EMPTY, Set.of())) {
      Map<String, Cluster> clusters = live.snapshot().clusters();
      assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(clusters::clear);
    }
  }

  /** A call whose authority says nothing. */
  private static RequestHead call(String path) {
    return new RequestHead() {
      @Override
      public CharSequence path() {
        return path;
      }

      @Override
      public CharSequence authority() {
        return "127.0.0.1:8080";
      }

      @Override
      public @Nullable CharSequence header(CharSequence name) {
        return null;
      }
    };
  }

  private GatewaySnapshot last() {
    return applied.get(applied.size() - 1);
  }

  private void service(String name, String address) throws IOException {
    Path directory = Files.createDirectories(folder.resolve(name));
    Files.writeString(directory.resolve("all.list"), address + "\n");
  }

  private RegistryUri uri() {
    return RegistryUri.parse("file://" + folder);
  }

  private GatewayConfig ofRegistry() {
    return GatewayConfig.EMPTY.withRegistry(uri());
  }

  private GatewayConfig parsed(String cluster, String endpoint) {
    return parse(
        "clusters: {" + cluster + ": {endpoints: ['" + endpoint + "']}}", Optional.empty());
  }

  private GatewayConfig parse(String text, Optional<RegistryUri> registry) {
    // Without the checks of a registry, so that what it refuses comes as far as here.
    return GatewayYaml.parse("gateway.yaml", text, ServiceTarget::parse, registry);
  }
}
