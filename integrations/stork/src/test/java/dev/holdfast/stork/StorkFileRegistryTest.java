package dev.holdfast.stork;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.registration.InstanceRegistration;
import io.smallrye.stork.api.Service;
import io.smallrye.stork.api.ServiceInstance;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of a real Stork on a registry in a directory: what becomes of a record. */
class StorkFileRegistryTest {
  @TempDir Path folder;
  private final StorkApplication stork = new StorkApplication();
  private String registry = "";
  private AnnouncedInstances servers;

  @BeforeEach
  void openRegistry() {
    registry = "file://" + folder.resolve("prod");
    servers = new AnnouncedInstances(registry, "orders");
  }

  @AfterEach
  void close() {
    stork.close();
    servers.close();
  }

  @Test
  void instancesJoinAndLeave() throws Exception {
    servers.add(1001);
    Service orders = stork.define("orders", Map.of("registry", registry), "round-robin");
    await().untilAsserted(() -> assertThat(StorkApplication.ports(orders)).containsExactly(1001));

    InstanceRegistration second = servers.add(1002);
    await()
        .untilAsserted(
            () -> assertThat(StorkApplication.ports(orders)).containsExactly(1001, 1002));
    assertThat(StorkApplication.selected(orders, 4)).containsExactly(1001, 1002);

    second.close();
    await().untilAsserted(() -> assertThat(StorkApplication.ports(orders)).containsExactly(1001));
  }

  @Test
  void anUnchangedInstanceKeepsItsId() throws Exception {
    servers.add(1001);
    Service orders = stork.define("orders", Map.of("registry", registry), "round-robin");
    ServiceInstance before = StorkApplication.instances(orders).get(0);

    servers.add(1002);
    await().until(() -> StorkApplication.instances(orders).size() == 2);

    assertThat(StorkApplication.instances(orders)).contains(before);
  }

  @Test
  void aRecordIsMapped() throws Exception {
    servers.add(
        Endpoint.of("127.0.0.1:1001")
            .withInstance("run-7")
            .withZone("eu-1a")
            .withWeight(30)
            .withMetadata(Map.of("version", "1.4")));
    Service orders =
        stork.define(
            "shop",
            Map.of("registry", registry, "service", "orders", "secure", "true"),
            "holdfast");

    ServiceInstance instance = StorkApplication.instances(orders).get(0);

    assertThat(instance.getHost()).isEqualTo("127.0.0.1");
    assertThat(instance.getPort()).isEqualTo(1001);
    assertThat(instance.isSecure()).isTrue();
    assertThat(instance.getPath()).isEmpty();
    assertThat(instance.getLabels()).isEqualTo(Map.of("version", "1.4"));
    assertThat((Map<?, ?>) instance.getMetadata().getMetadata())
        .isEqualTo(
            Map.of(
                EndpointKey.INSTANCE,
                "run-7",
                EndpointKey.ZONE,
                "eu-1a",
                EndpointKey.WEIGHT,
                30,
                EndpointKey.DRAINING,
                false));
  }

  @Test
  void aDrainingInstanceIsNotSelectedWhileThereIsAnother() throws Exception {
    Endpoint leaving = Endpoint.of("127.0.0.1:1001");
    InstanceRegistration first = servers.add(leaving);
    InstanceRegistration second = servers.add(1002);
    Service orders = stork.define("orders", Map.of("registry", registry), "round-robin");
    await().until(() -> StorkApplication.ports(orders).size() == 2);

    first.update(leaving.withDraining(true));
    await().untilAsserted(() -> assertThat(StorkApplication.ports(orders)).containsExactly(1002));

    second.update(Endpoint.of("127.0.0.1:1002").withDraining(true));
    await()
        .untilAsserted(
            () -> assertThat(StorkApplication.ports(orders)).containsExactly(1001, 1002));
    assertThat(StorkApplication.instances(orders))
        .allMatch(instance -> isDraining(instance), "is draining");
  }

  @Test
  void weightsAreSharesOfSelections() throws Exception {
    servers.add(Endpoint.of("127.0.0.1:1001").withWeight(10_000));
    servers.add(Endpoint.of("127.0.0.1:1002").withWeight(1));
    Service orders = stork.define("orders", Map.of("registry", registry), "holdfast");
    await().until(() -> StorkApplication.ports(orders).size() == 2);

    // One selection in 10,001 would meet the other instance: 50 without it have a chance of 99.5 %,
    // and 5 such rounds in a row without a single one fail once in 10^11 runs.
    await().until(() -> StorkApplication.selected(orders, 50).equals(Set.of(1001)));
  }

  @Test
  void anUnknownAttributeIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> stork.define("orders", Map.of("regsitry", registry), "holdfast"))
        .withMessage(
            "service-discovery.regsitry of orders (expected: registry, service or secure)");
  }

  @Test
  void aRegistryWhoseSchemeNobodyKnowsIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> stork.define("orders", Map.of("registry", "consul://h"), "holdfast"))
        .withMessage("scheme: \"consul\" (expected: etcd, file)");
  }

  private static boolean isDraining(ServiceInstance instance) {
    return Boolean.TRUE.equals(instance.getMetadata().getMetadata().get(EndpointKey.DRAINING));
  }
}
