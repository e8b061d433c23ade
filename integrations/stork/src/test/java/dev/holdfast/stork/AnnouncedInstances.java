package dev.holdfast.stork;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.core.registration.InstanceRegistration;
import java.util.concurrent.TimeUnit;

/** The servers of a test: their records in a registry, by a client of their own. */
final class AnnouncedInstances implements AutoCloseable {
  private static final int LIMIT_SECONDS = 120;

  private final RegistryContext context = RegistryContext.system();
  private final ServiceName service;
  private final Registries.Handle registry;

  AnnouncedInstances(String registryUri, String service) {
    RegistryUri uri = RegistryUri.parse(registryUri);
    this.service = ServiceName.parse(service).inside(uri.namespace());
    registry = new Registries(context).open(uri);
  }

  /** Announces an instance on loopback, and returns when everybody can see it. */
  InstanceRegistration add(int port) throws Exception {
    return add(Endpoint.of("127.0.0.1:" + port));
  }

  InstanceRegistration add(Endpoint endpoint) throws Exception {
    InstanceRegistration added =
        InstanceRegistration.start(registry.registry(), service, endpoint, context);
    added.published().toCompletableFuture().get(LIMIT_SECONDS, TimeUnit.SECONDS);
    return added;
  }

  @Override
  public void close() {
    registry.close();
  }
}
