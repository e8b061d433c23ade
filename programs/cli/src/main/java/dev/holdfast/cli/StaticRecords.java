package dev.holdfast.cli;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.discovery.Registries;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The static records: written once, without a lease, and kept until somebody deletes them.
 *
 * <p>Their instance is {@link #INSTANCE}. The record of a running process has an instance of its
 * own, and must not be overwritten or deleted here.
 */
final class StaticRecords {
  /** The instance of every static record. */
  static final String INSTANCE = "static";

  private final Registry registry;
  private final ServiceName service;

  /** In a registry that was opened without leases. */
  StaticRecords(Registries.Handle handle, ServiceName service) {
    registry = handle.registry();
    this.service = service;
  }

  /** The record at an address as the registry has it now. */
  Optional<Endpoint> find(HostPort address) {
    return BoundedAwait.await(
            registry.read(service), registry.requestTimeout(), registry.describe())
        .endpoints()
        .at(address);
  }

  /**
   * Refuses to touch the record of a running process.
   *
   * @throws UserError unless there is none or it is static
   */
  static void requireNoOwner(Optional<Endpoint> record) {
    String instance = record.map(Endpoint::instance).orElse("");
    if (!instance.isEmpty() && !instance.equals(INSTANCE)) {
      throw UserError.failed(
          record.orElseThrow().address()
              + ": belongs to the running instance "
              + instance
              + " (expected: a static record; stop that process instead, or use --force)");
    }
  }

  /** Writes a record and waits until everyone can see it. */
  Registry.Announcement write(Endpoint endpoint) {
    CompletableFuture<Void> published = new CompletableFuture<>();
    Registry.AnnouncementListener listener =
        new Registry.AnnouncementListener() {
          @Override
          public void onPublished() {
            published.complete(null);
          }

          @Override
          public void onEnded(RegistryException cause) {
            published.completeExceptionally(cause);
          }
        };
    Registry.Announcement announcement =
        registry.announce(service, endpoint.withInstance(INSTANCE), listener);
    BoundedAwait.await(published, registry.requestTimeout(), registry.describe());
    return announcement;
  }

  /**
   * Deletes the record at an address: it is made ours first, because a registry deletes nothing
   * else.
   */
  void delete(Endpoint record) {
    Registry.Announcement ours = write(record.withDraining(true));
    BoundedAwait.await(ours.withdraw(), registry.requestTimeout(), registry.describe());
  }
}
