package dev.holdfast.spring.boot.starter.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.spring.boot.starter.Applications;
import dev.holdfast.spring.boot.starter.HoldfastProperties;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests of the target under which a server is registered. */
class ServerTargetTest {
  private static final Map<String, String> WITH_REGISTRY =
      Map.of("HOLDFAST_REGISTRY", "etcd://h/prod");

  @ParameterizedTest
  @CsvSource({
    "'etcd://h1,h2:2379/prod', 'etcd://h1,h2:2379/prod/orders'",
    "etcd://h1:2379/prod?ttl=5s&lease=auto, etcd://h1:2379/prod/orders?ttl=5s&lease=auto",
    "etcd://h1:2379, etcd://h1:2379/orders",
    "file:///var/lib/x, file:///var/lib/x/orders",
    "file:///var/lib/x/, file:///var/lib/x/orders",
  })
  void serviceIsTheLastSegmentOfTheRegistry(String registry, String target) {
    assertThat(ServerTarget.in(registry, "orders")).isEqualTo(target);
  }

  @Test
  void nothingIsRegisteredWithoutSettings() {
    assertThat(ServerTarget.of(server("", ""), "app", Map.of())).isEmpty();
    assertThat(ServerTarget.of(server("", ""), "app", WITH_REGISTRY)).isEmpty();
  }

  @Test
  void aServiceAloneIsInTheRegistryOfTheProcess() {
    assertThat(ServerTarget.of(server("", "orders"), "app", WITH_REGISTRY))
        .contains("holdfast:///orders");
  }

  @Test
  void aRegistryAloneHasTheNameOfTheApplication() {
    assertThat(ServerTarget.of(server("etcd://h/prod", ""), "app", Map.of()))
        .contains("etcd://h/prod/app");
  }

  @Test
  void theMissingHalfIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ServerTarget.of(server("etcd://h/prod", ""), null, Map.of()))
        .withMessageStartingWith("holdfast.server.service: not set (expected:");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ServerTarget.of(server("", "orders"), null, Map.of()))
        .withMessageStartingWith("holdfast.server.registry: not set (expected:");
  }

  private static HoldfastProperties.Server server(String registry, String service) {
    Map<String, String> properties = new HashMap<>();
    properties.put("holdfast.server.registry", registry);
    properties.put("holdfast.server.service", service);
    return Applications.bound(properties).server();
  }
}
