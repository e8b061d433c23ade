package dev.holdfast.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.control.resources.PolicyResources;
import dev.holdfast.control.resources.PolicyText;
import dev.holdfast.control.xds.ResourceType;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** grpc-java loses calls under outlier detection, so it hears of it only where a policy insists. */
class WithheldOutliersTest {
  @TempDir Path folder;

  @Test
  void onlyOtherClientsHearOfOutliers() throws Exception {
    assertThat(hears("outliers: {}", "gRPC C-core")).isTrue();
    assertThat(hears("outliers: {}", "gRPC Java")).isFalse();
    assertThat(hears("outliers: {grpc-java: true}", "gRPC Java")).isTrue();
  }

  private boolean hears(String policy, String agent) throws Exception {
    PolicyResources resources =
        new PolicyResources(PolicyText.parse("services: {orders: {" + policy + "}}"));
    ControlPlaneFixture topology = new ControlPlaneFixture(folder);
    try {
      topology.list("orders", "127.0.0.1:1");
      ControlPlane control = topology.control(resources, ControlPlaneFixture.anywhere());
      try (RawClient client = new RawClient(control.address())) {
        var stream = client.sotw();
        stream.send(
            RawClient.asking(ResourceType.CLUSTER, "orders").toBuilder()
                .setNode(RawClient.node("raw").toBuilder().setUserAgentName(agent))
                .build());
        return stream.await(0).getResources(0).unpack(Cluster.class).hasOutlierDetection();
      }
    } finally {
      topology.close();
    }
  }
}
