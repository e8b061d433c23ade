package dev.holdfast.spring.boot.starter.discovery;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.core.RegistryUri;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.cloud.client.discovery.event.HeartbeatEvent;
import org.springframework.context.event.EventListener;

/**
 * The provider of {@code discovery:///service}, which is looked up in a {@link DiscoveryClient}.
 */
final class DiscoveryClientRegistryProvider implements RegistryProvider {
  /** The scheme of its targets. */
  static final String SCHEME = "discovery";

  private final Supplier<DiscoveryClient> client;
  private final Set<DiscoveryClientRegistry> open = ConcurrentHashMap.newKeySet();

  /**
   * @param client asked for when a registry is opened, as a bean may not be complete before
   */
  DiscoveryClientRegistryProvider(Supplier<DiscoveryClient> client) {
    this.client = client;
  }

  @Override
  public String scheme() {
    return SCHEME;
  }

  @Override
  public String example() {
    return "discovery:///orders";
  }

  @Override
  public List<UriParameter> uriParameters() {
    return DiscoveryOptions.uriParameters();
  }

  @Override
  public Registry open(RegistryUri uri, RegistryContext context) {
    DiscoveryClientRegistry[] opened = new DiscoveryClientRegistry[1];
    opened[0] =
        new DiscoveryClientRegistry(
            uri, DiscoveryOptions.of(uri), client.get(), context, () -> open.remove(opened[0]));
    open.add(opened[0]);
    return opened[0];
  }

  @EventListener
  void onHeartbeat(HeartbeatEvent event) {
    open.forEach(DiscoveryClientRegistry::onHeartbeat);
  }
}
