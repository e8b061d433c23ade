package dev.holdfast.stork;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.Endpoint;
import io.smallrye.stork.api.NoServiceInstanceFoundException;
import io.smallrye.stork.api.ServiceInstance;
import io.smallrye.stork.impl.DefaultServiceInstance;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Tests of the shares, for each number that may be drawn. */
class WeightedLoadBalancerTest {
  private static final ServiceInstance LIGHT = instance(1, 1);
  private static final ServiceInstance HEAVY = instance(2, 3);
  private static final ServiceInstance FOREIGN =
      new DefaultServiceInstance(3, "h", 3, Optional.empty(), false);

  @Test
  void eachInstanceHasAsManyDrawsAsItsWeight() {
    assertThat(drawn(List.of(LIGHT, HEAVY, FOREIGN), 5))
        .containsExactly(LIGHT, HEAVY, HEAVY, HEAVY, FOREIGN);
  }

  @Test
  void aLonelyInstanceHasAllDraws() {
    assertThat(drawn(List.of(HEAVY), 3)).containsOnly(HEAVY);
  }

  @Test
  void withoutInstancesNoneIsFound() {
    assertThatThrownBy(() -> drawn(List.of(), 1))
        .isInstanceOf(NoServiceInstanceFoundException.class);
  }

  private static List<ServiceInstance> drawn(List<ServiceInstance> instances, int total) {
    List<ServiceInstance> drawn = new ArrayList<>();
    for (int i = 0; i < total; i++) {
      int number = i;
      WeightedLoadBalancer balancer =
          new WeightedLoadBalancer(
              bound -> {
                assertThat(bound).isEqualTo(total);
                return number;
              });
      drawn.add(balancer.selectServiceInstance(instances));
    }
    return drawn;
  }

  private static ServiceInstance instance(int port, int weight) {
    return new EndpointInstance(port, Endpoint.of("h:" + port).withWeight(weight), false);
  }
}
