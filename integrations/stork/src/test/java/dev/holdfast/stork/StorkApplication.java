package dev.holdfast.stork;

import io.smallrye.stork.Stork;
import io.smallrye.stork.api.NoServiceInstanceFoundException;
import io.smallrye.stork.api.Service;
import io.smallrye.stork.api.ServiceDefinition;
import io.smallrye.stork.api.ServiceInstance;
import io.smallrye.stork.spi.config.SimpleServiceConfig.SimpleLoadBalancerConfig;
import io.smallrye.stork.spi.config.SimpleServiceConfig.SimpleServiceDiscoveryConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The Stork of an application, which finds its loaders by ServiceLoader; one at a time. */
final class StorkApplication implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  StorkApplication() {
    Stork.initialize();
  }

  /** A service as {@code stork.NAME.service-discovery.*} and the load balancer's type define it. */
  Service define(String name, Map<String, String> attributes, String loadBalancer) {
    Stork.getInstance()
        .defineIfAbsent(
            name,
            ServiceDefinition.of(
                new SimpleServiceDiscoveryConfig(HoldfastServiceDiscoveryLoader.TYPE, attributes),
                new SimpleLoadBalancerConfig(loadBalancer, Map.of())));
    return Stork.getInstance().getService(name);
  }

  static List<ServiceInstance> instances(Service service) {
    return service.getInstances().await().atMost(LIMIT);
  }

  /** The ports of all instances; empty when Stork has none. */
  static Set<Integer> ports(Service service) {
    Set<Integer> ports = new TreeSet<>();
    instances(service).forEach(instance -> ports.add(instance.getPort()));
    return ports;
  }

  /** The ports that so many selections met. */
  static Set<Integer> selected(Service service, int selections) {
    Set<Integer> ports = new TreeSet<>();
    for (int i = 0; i < selections; i++) {
      ports.add(service.selectInstance().await().atMost(LIMIT).getPort());
    }
    return ports;
  }

  /** Whether a selection fails for want of instances. */
  static boolean hasNone(Service service) {
    try {
      service.selectInstance().await().atMost(LIMIT);
      return false;
    } catch (NoServiceInstanceFoundException e) {
      return true;
    }
  }

  @Override
  public void close() {
    Stork.shutdown();
  }
}
