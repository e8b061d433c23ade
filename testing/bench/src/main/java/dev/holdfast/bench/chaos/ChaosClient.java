package dev.holdfast.bench.chaos;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.discovery.EndpointDirectory;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.core.registration.InstanceRegistration;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.util.function.IntSupplier;

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
   * @param memoryLosses how often the store was made to lose its memory so far
   */
  ChaosClient(String target, RegistryContext context, IntSupplier memoryLosses) {
    this.context = context;
    this.registries = new Registries(context);
    this.target = target;
    ServiceTarget parsed = registries.resolveTarget(target);
    this.service = parsed.service();
    this.handle = registries.open(parsed.registry());
    this.wipes = new DeclaredWipes(memoryLosses);
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

  /** Wipes that were declared where nothing was wiped. */
  int falseWipes() {
    return wipes.unexplained;
  }

  @Override
  public void close() {
    handle.close();
  }

  /** The changes of the epoch; each loss of memory explains one. Its callbacks are serial. */
  private static final class DeclaredWipes implements Registry.WatchListener {
    private final IntSupplier memoryLosses;
    private long epoch;
    private int explainedLosses;
    private volatile int unexplained;

    DeclaredWipes(IntSupplier memoryLosses) {
      this.memoryLosses = memoryLosses;
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // written on the scheduler only
    public void onSnapshot(RegistrySnapshot snapshot) {
      int losses = memoryLosses.getAsInt();
      if (epoch != 0 && snapshot.epoch() != epoch) {
        // Two wipes may have passed while nothing was heard, and are then told one after the other
        // or as one.
        long declared = Math.abs(snapshot.epoch() - epoch);
        long explained = Math.min(declared, losses - explainedLosses);
        unexplained += (int) (declared - explained);
        explainedLosses = losses;
      }
      epoch = snapshot.epoch();
    }

    @Override
    public void onConfirmed() {
      // What counts is which life of the store it is.
    }

    @Override
    public void onFailure(RegistryException cause) {
      // Broken watches are counted by their meter.
    }
  }
}
