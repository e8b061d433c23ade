package dev.holdfast.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.ServiceName;
import org.junit.jupiter.api.Test;

class EtcdKeysTest {

  @Test
  void aRecordStandsBelowItsServiceWithoutALeadingSlash() {
    ServiceName orders = ServiceName.parse("prod/orders");
    assertThat(EtcdKeys.record(orders, HostPort.parse("[fd00::7]:1")).toStringUtf8())
        .isEqualTo("prod/orders/[fd00::7]:1");
    assertThat(EtcdKeys.record(ServiceName.parse("orders"), HostPort.parse("h:1")).toStringUtf8())
        .isEqualTo("orders/h:1");
  }

  @Test
  void aServiceEndsAtItsSlash() {
    EtcdKeys.KeyRange range = EtcdKeys.service(ServiceName.parse("prod/orders"));
    assertThat(range.key().toStringUtf8()).isEqualTo("prod/orders/");
    assertThat(range.end().toStringUtf8()).isEqualTo("prod/orders0");
  }

  @Test
  void theEmptyNamespaceIsEverything() {
    EtcdKeys.KeyRange range = EtcdKeys.namespace("");
    assertThat(range.key()).isEqualTo(ByteString.copyFrom(new byte[1]));
    assertThat(range.end()).isEqualTo(ByteString.copyFrom(new byte[1]));
  }

  @Test
  void namesAreTakenFromKeysOfTheNamespaceItself() {
    assertThat(EtcdKeys.serviceOf("prod", "prod/orders/h:1")).contains("orders");
    assertThat(EtcdKeys.serviceOf("", "orders/h:1")).contains("orders");
    assertThat(EtcdKeys.serviceOf("prod", "prod/inner/orders/h:1")).isEmpty();
    assertThat(EtcdKeys.serviceOf("prod", "prod/orders")).isEmpty();
    assertThat(EtcdKeys.serviceOf("prod", "prod/orders/")).isEmpty();
    assertThat(EtcdKeys.serviceOf("prod", "prod//h:1")).isEmpty();
    assertThat(EtcdKeys.serviceOf("prod", "prod/no\nname/h:1")).isEmpty();
    assertThat(EtcdKeys.serviceOf("prod", "prod/../h:1")).isEmpty();
  }
}
