package dev.holdfast.stork;

import io.smallrye.stork.api.LoadBalancer;
import io.smallrye.stork.api.NoServiceInstanceFoundException;
import io.smallrye.stork.api.ServiceInstance;
import java.util.Collection;
import java.util.List;
import java.util.function.LongUnaryOperator;

/**
 * A weighted random load balancer: each instance is selected in proportion to its {@link
 * EndpointKey#WEIGHT}; instances of another service discovery have the weight 1. Without state, and
 * so safe for threads.
 */
final class WeightedLoadBalancer implements LoadBalancer {
  private final LongUnaryOperator random;

  /**
   * @param random draws a number from 0 to below its argument
   */
  WeightedLoadBalancer(LongUnaryOperator random) {
    this.random = random;
  }

  @Override
  public ServiceInstance selectServiceInstance(Collection<ServiceInstance> instances) {
    // A copy, for the collection may change meanwhile.
    List<ServiceInstance> candidates = List.copyOf(instances);
    long total = 0;
    for (ServiceInstance candidate : candidates) {
      total += weightOf(candidate);
    }
    if (total == 0) {
      throw new NoServiceInstanceFoundException("instances: none (expected: one or more)");
    }
    long remaining = random.applyAsLong(total);
    for (ServiceInstance candidate : candidates) {
      remaining -= weightOf(candidate);
      if (remaining < 0) {
        return candidate;
      }
    }
    throw new IllegalStateException("random: beyond " + total + " (expected: below)");
  }

  @Override
  public boolean requiresStrictRecording() {
    return false;
  }

  private static int weightOf(ServiceInstance instance) {
    return instance.getMetadata().getMetadata().get(EndpointKey.WEIGHT) instanceof Integer weight
        ? weight
        : 1;
  }
}
