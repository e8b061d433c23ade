package dev.holdfast.cli.demo.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.ServiceTarget;
import org.junit.jupiter.api.Test;

class DemoTargetTest {
  private static final ServiceName ORDERS = ServiceName.of("", "orders");

  @Test
  void aDirectoryStaysAUriOfThreeSlashes() {
    assertThat(DemoTarget.of(RegistryUri.parse("file:///tmp/scratch/registry"), ORDERS))
        .isEqualTo("file:///tmp/scratch/registry/orders");
  }

  @Test
  void userMembersAndParametersSurvive() {
    String target =
        DemoTarget.of(
            RegistryUri.parse("etcd://demo@h1:2379/prod?endpoints=h2:2380,h3:2381&ttl=3s"), ORDERS);
    assertThat(target)
        .isEqualTo("etcd://demo@h1:2379/prod/orders?endpoints=h2:2380,h3:2381&ttl=3s");
    assertThat(ServiceTarget.parse(target).registry().userInfo()).isEqualTo("demo");
  }
}
