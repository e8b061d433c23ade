package dev.holdfast.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class EtcdRolesTest {

  @Test
  void theCommandsGiveAccessBelowTheNamespaceOnly() {
    assertThat(EtcdRoles.of("prod", EtcdRoles.EtcdPermissionType.READ).commands("web"))
        .containsExactly(
            "etcdctl role add holdfast-prod-read",
            "etcdctl role grant-permission holdfast-prod-read read prod/ --prefix=true",
            "etcdctl user add web",
            "etcdctl user grant-role web holdfast-prod-read");
    assertThat(EtcdRoles.of("team/prod", EtcdRoles.EtcdPermissionType.WRITE).commands("orders"))
        .contains(
            "etcdctl role grant-permission holdfast-team-prod-write readwrite team/prod/"
                + " --prefix=true");
  }

  @Test
  void aNamespaceThatIsNoneIsRefused() {
    assertThatThrownBy(() -> EtcdRoles.of("prod/../x", EtcdRoles.EtcdPermissionType.READ))
        .hasMessageContaining("namespace");
  }
}
