package dev.holdfast.bench.chaos;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.discovery.EndpointDirectory;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.core.registration.InstanceRegistration;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.util.List;

/**
 * A client of a registry with connections, watches and a lease of its own, as if it were alone in
 * its process. Counts the wipes that it declared although nothing was wiped.
 */
final class ChaosClient implements AutoCloseable {
  private final RegistryContext context;
  private final Registries registries;
  private final String target;
  private final ServiceName service;
  private final Registries.Handle handle;
  private final DeclaredWipes wipes;

  /**
   * Opens the registry and follows the service.
   *
   * @param losses when the store was made to lose its memory
   */
  ChaosClient(String target, RegistryContext context, MemoryLosses losses) {
    this.context = context;
    this.registries = new Registries(context);
    this.target = target;
    ServiceTarget parsed = registries.resolveTarget(target);
    this.service = parsed.service();
    this.handle = registries.open(parsed.registry());
    this.wipes = new DeclaredWipes(losses, System::nanoTime);
    var unused = handle.registry().watch(service, wipes);
  }

  /** Registers an instance for as long as this is open. */
  InstanceRegistration register(Endpoint endpoint) {
    return InstanceRegistration.start(handle.registry(), service, endpoint, context);
  }

  EndpointDirectory directory() {
    return handle.directory();
  }

  ServiceName service() {
    return service;
  }

  /** A channel to the service; the caller closes it. */
  ManagedChannel channel() {
    return HoldfastChannelBuilder.forTarget(target, InsecureChannelCredentials.create(), registries)
        .build();
  }

  /** When wipes were declared where nothing was wiped, by the clock of {@link System#nanoTime}. */
  List<Long> falseWipes() {
    return wipes.unexplained();
  }

  @Override
  public void close() {
    handle.close();
  }
}
