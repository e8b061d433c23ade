package dev.holdfast.cli.fleet;

import dev.holdfast.admin.AdminAddress;
import dev.holdfast.core.Clock;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.discovery.Registries;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** A fleet that is followed until this is closed. */
public final class OpenFleet implements AutoCloseable {
  /** For the first lists of the registry; what comes later is shown later. */
  private static final Duration LIST_PATIENCE = Duration.ofSeconds(5);

  private final FleetReader reader;
  private final String registry;
  private final Optional<Registries.Handle> handle;

  private OpenFleet(FleetReader reader, String registry, Optional<Registries.Handle> handle) {
    this.reader = reader;
    this.registry = registry;
    this.handle = handle;
  }

  /**
   * How the processes of a fleet are asked.
   *
   * @param further addresses of admin services that no registry names
   * @param channels makes the channel to an admin service
   */
  public record FleetProcesses(
      List<HostPort> further, Function<AdminAddress, ManagedChannel> channels) {}

  /** A fleet of processes that no registry names. */
  static OpenFleet ofAddresses(FleetProcesses processes) {
    FleetReader reader =
        new FleetReader(
            () -> FleetServices.ServicesState.NONE,
            processes.further(),
            processes.channels(),
            Clock.system());
    return new OpenFleet(reader, "", Optional.empty());
  }

  /**
   * Follows services of a registry, and waits a little for their first lists. The handle is closed
   * with the fleet, also when this fails.
   *
   * @param services none for all of the namespace
   * @throws InterruptedException when the thread is interrupted meanwhile
   */
  public static OpenFleet ofRegistry(
      Registries.Handle handle,
      RegistryUri uri,
      Set<ServiceName> services,
      FleetProcesses processes,
      FleetServices.EndpointsObserver observer)
      throws InterruptedException {
    try {
      FleetServices fleet = new FleetServices(handle.directory(), observer);
      if (services.isEmpty()) {
        fleet.followNamespace(uri.namespace());
      } else {
        fleet.follow(services);
      }
      var unused = fleet.complete().await(LIST_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      FleetReader reader =
          new FleetReader(fleet::state, processes.further(), processes.channels(), Clock.system());
      return new OpenFleet(reader, uri.toString(), Optional.of(handle));
    } catch (RuntimeException | InterruptedException e) {
      handle.close();
      throw e;
    }
  }

  /** The reader of the fleet. */
  public FleetReader reader() {
    return reader;
  }

  /** The registry, without secrets; "" when none is asked. */
  public String registry() {
    return registry;
  }

  @Override
  public void close() {
    reader.close();
    handle.ifPresent(Registries.Handle::close);
  }
}
