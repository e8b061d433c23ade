package dev.holdfast.stork;

import io.smallrye.stork.api.LoadBalancer;
import io.smallrye.stork.api.ServiceDiscovery;
import io.smallrye.stork.api.config.ConfigWithType;
import io.smallrye.stork.spi.internal.LoadBalancerLoader;
import java.util.concurrent.ThreadLocalRandom;

/** The loader of load balancers of the type {@code holdfast}; found by ServiceLoader. */
public final class HoldfastLoadBalancerLoader implements LoadBalancerLoader {
  /** The type in {@code stork.SERVICE.load-balancer.type}. */
  public static final String TYPE = "holdfast";

  /** For ServiceLoader. */
  public HoldfastLoadBalancerLoader() {}

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public LoadBalancer createLoadBalancer(ConfigWithType config, ServiceDiscovery discovery) {
    return new WeightedLoadBalancer(bound -> ThreadLocalRandom.current().nextLong(bound));
  }
}
