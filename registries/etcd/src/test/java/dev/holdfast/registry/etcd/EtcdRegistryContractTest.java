package dev.holdfast.registry.etcd;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.testkit.RegistryContractTest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class EtcdRegistryContractTest extends RegistryContractTest {
  private static EtcdCluster etcd;

  @BeforeAll
  static void startEtcd() {
    etcd = EtcdCluster.start(1);
  }

  @AfterAll
  static void stopEtcd() {
    etcd.close();
  }

  @Override
  protected Registry open(RegistryContext context) {
    return new EtcdRegistryProvider()
        .open(RegistryUri.parse(etcd.uri("", "ttl=5s", "request-timeout=5s")), context);
  }

  @Override
  protected void breakConnection() {
    etcd.member(0).kill();
  }

  @Override
  protected void restoreConnection() throws Exception {
    etcd.startAll();
  }
}
