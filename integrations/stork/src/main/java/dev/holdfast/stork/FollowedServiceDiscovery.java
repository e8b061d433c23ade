package dev.holdfast.stork;

import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.discovery.Registries;
import io.smallrye.mutiny.Uni;
import io.smallrye.stork.api.ServiceDiscovery;
import io.smallrye.stork.api.ServiceInstance;
import java.lang.ref.Cleaner;
import java.util.List;

/**
 * The service discovery of one service: the list that its registry's watch keeps, last known good.
 *
 * <p>It is no {@code CachingServiceDiscovery}: each selection sees the list of this moment, and
 * nothing is fetched when a refresh period ends. Stork has no way to close a service discovery, and
 * drops those of services that were defined already, so the watch ends when this object is
 * unreachable. Thread-safe.
 */
final class FollowedServiceDiscovery implements ServiceDiscovery {
  private static final Cleaner CLEANER = Cleaner.create();

  private final FollowedInstances instances;

  private FollowedServiceDiscovery(FollowedInstances instances) {
    this.instances = instances;
  }

  /** Follows a service from now on, in a registry whose handle it owns. */
  static FollowedServiceDiscovery of(
      ServiceName service, Registries.Handle registry, boolean secure, RegistryContext context) {
    FollowedInstances instances = new FollowedInstances(service, secure, context.scheduler());
    Subscription watch = registry.directory().subscribe(service, instances);
    FollowedServiceDiscovery discovery = new FollowedServiceDiscovery(instances);
    CLEANER.register(
        discovery,
        () -> {
          watch.close();
          registry.close();
        });
    return discovery;
  }

  /**
   * The instances of this moment; those of the first list while none is known.
   *
   * @return fails with a {@code NoServiceInstanceFoundException} when no list came in time
   */
  @Override
  public Uni<List<ServiceInstance>> getServiceInstances() {
    // The reference keeps the watch alive as long as somebody holds the result.
    return Uni.createFrom().completionStage(() -> instances.current());
  }
}
