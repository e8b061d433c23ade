package dev.holdfast.registry.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.ServiceTarget;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How targets are spelled. */
class KubernetesNamesTest {

  @ParameterizedTest
  @CsvSource({
    "kubernetes:///orders, here/orders, ''",
    "kubernetes:///orders:grpc, here/orders, grpc",
    "kubernetes:///orders.prod:grpc, prod/orders, grpc",
    "kubernetes:///orders.prod:50051, prod/orders, 50051",
    "kubernetes:///prod/orders:grpc, prod/orders, grpc",
    "kubernetes:///orders.prod.svc:grpc, prod/orders, grpc",
    "kubernetes:///orders.prod.svc.cluster.local, prod/orders, ''",
  })
  void aTargetNamesAServiceItsNamespaceAndItsPort(String target, String key, String port) {
    ServiceName service = ServiceTarget.parse(target).service();
    assertThat(KubernetesNames.parse(service, "here")).hasToString(key);
    assertThat(service.portName().orElse("")).isEqualTo(port);
  }

  @Test
  void aNamespaceOfTheRegistryIsThatOfItsServices() {
    ServiceTarget target =
        ServiceTarget.in(RegistryUri.parse("kubernetes:///prod"), ServiceName.parse("orders:grpc"));
    assertThat(KubernetesNames.parse(target.service(), "here")).hasToString("prod/orders");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a/b/orders", "prod/orders.prod", "orders.prod.pod", "Orders", "-orders", "or_d"})
  void whatNoServiceCanBeCalledIsRefusedWithWhatWasExpected(String name) {
    assertThatThrownBy(() -> KubernetesNames.parse(ServiceName.parse(name), "here"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("(expected: ");
  }

  @Test
  void aHostInATargetIsRefused() {
    assertThatThrownBy(
            () -> KubernetesOptions.of(RegistryUri.parse("kubernetes://prod/orders:grpc")))
        .hasMessageStartingWith("authority: \"prod\" (expected: none, as in kubernetes:///");
  }

  @Test
  void withoutAClusterTheErrorSaysWhereOneWasLookedFor() {
    try (KubernetesFixture fixture = new KubernetesFixture()) {
      assertThatThrownBy(() -> fixture.open("prod", Map.of("HOME", "/nonexistent")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("cluster: none found (expected: a pod")
          .hasMessageContaining("~/.kube/config");
    }
  }

  @Test
  void theRoleIsTheLeastThatSuffices() {
    assertThat(KubernetesRole.of("prod").yaml())
        .isEqualTo(
            """
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata:
              name: holdfast-endpoints
              namespace: prod
            rules:
              - apiGroups: ["discovery.k8s.io"]
                resources: ["endpointslices"]
                verbs: ["get", "list", "watch"]
            """);
    assertThat(KubernetesRole.of("prod").bindingYaml("orders", "shop"))
        .contains("kind: RoleBinding\n", "  - kind: ServiceAccount\n    name: orders\n");
    assertThatThrownBy(() -> KubernetesRole.of("Prod")).hasMessageContaining("namespace: \"Prod\"");
  }
}
