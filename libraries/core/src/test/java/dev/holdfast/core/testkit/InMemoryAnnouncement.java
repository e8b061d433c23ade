package dev.holdfast.core.testkit;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** One announcement of an {@link InMemoryRegistry}: a record under a lease of its own. */
final class InMemoryAnnouncement implements Registry.Announcement {
  private final InMemoryRegistry registry;
  private final InMemoryStore store;
  private final String path;
  private final Registry.AnnouncementListener listener;
  private Endpoint endpoint;
  private InMemoryStore.@Nullable Lease lease;
  private boolean published;
  private boolean unsaid;
  private boolean saying;
  private boolean wiped;
  private boolean over;

  InMemoryAnnouncement(
      InMemoryRegistry registry,
      String path,
      Endpoint endpoint,
      Registry.AnnouncementListener listener) {
    this.registry = registry;
    this.store = registry.store();
    this.path = path;
    this.endpoint = endpoint;
    this.listener = listener;
  }

  boolean isOf(String changedPath) {
    return path.equals(changedPath);
  }

  void begin() {
    CompletableFuture<InMemoryStore.Lease> answer = new CompletableFuture<>();
    registry.request(
        () -> {
          InMemoryStore.Lease granted = store.grant();
          store.store(path, endpoint, granted);
          return granted;
        },
        answer);
    var unused =
        answer.whenComplete(
            (granted, failure) -> {
              if (over) {
                // Withdrawn meanwhile: what the attempt left behind must not be kept.
                if (granted != null) {
                  store.revoke(granted);
                }
              } else if (failure instanceof RegistryException cause) {
                end(cause);
              } else {
                lease = granted;
                published = true;
                listener.onPublished();
                say();
                keepLater();
              }
            });
  }

  @Override
  public void update(Endpoint value) {
    store.run(
        () -> {
          endpoint = value;
          unsaid = true;
          say();
        });
  }

  @Override
  public CompletionStage<Void> withdraw() {
    CompletableFuture<Void> answer = new CompletableFuture<>();
    store.run(
        () -> {
          over = true;
          registry.forget(this);
          if (lease == null) {
            answer.complete(null);
            return;
          }
          InMemoryStore.Lease held = lease;
          registry.request(
              () -> {
                if (isOurs()) {
                  store.store(path, endpoint.withDraining(true), held);
                }
                store.revoke(held);
                return null;
              },
              answer);
        });
    return answer.minimalCompletionStage();
  }

  /** The client closes: what the store can be told is told, the rest runs out. */
  void close() {
    over = true;
    if (lease != null && store.isUp()) {
      store.revoke(lease);
    }
  }

  void linkChanged() {
    say();
    check();
  }

  void wiped() {
    wiped = true;
    check();
  }

  /** Looks, a latency later, whether the record is still there and still our own. */
  void check() {
    if (published) {
      var unused = registry.scheduler().schedule(registry.latency(), this::look);
    }
  }

  private void look() {
    if (over || !registry.isReachable() || lease == null || isOurs()) {
      return;
    }
    InMemoryStore.Stored stored = store.record(path, endpoint.address().toString());
    RegistryErrorKind registryErrorKind =
        wiped
            ? RegistryErrorKind.WIPED
            : stored != null
                ? RegistryErrorKind.TAKEN_OVER
                : lease.revoked ? RegistryErrorKind.LEASE_LOST : RegistryErrorKind.RECORD_DELETED;
    store.revoke(lease);
    end(
        new RegistryException(
            registryErrorKind, "the record of " + endpoint.address() + " is not ours"));
  }

  private void keepLater() {
    var unused =
        registry
            .scheduler()
            .schedule(
                store.ttl().dividedBy(3),
                () -> {
                  if (over) {
                    return;
                  }
                  if (registry.isReachable() && lease != null) {
                    store.renew(lease);
                    look();
                  }
                  keepLater();
                });
  }

  /** Writes what the record should say, one request at a time, so that the last word stays. */
  private void say() {
    if (over || !published || !unsaid || saying || !registry.isReachable()) {
      return;
    }
    unsaid = false;
    saying = true;
    Endpoint said = endpoint;
    CompletableFuture<Boolean> answer = new CompletableFuture<>();
    registry.request(
        () -> {
          boolean ours = isOurs();
          if (ours && lease != null && !over) {
            store.store(path, said, lease);
          }
          return ours;
        },
        answer);
    var unused =
        answer.whenComplete(
            (ours, failure) -> {
              saying = false;
              if (over) {
                return;
              }
              if (unsaid) {
                say();
              } else if (failure == null && ours) {
                listener.onPublished();
              }
            });
  }

  private boolean isOurs() {
    InMemoryStore.Stored stored = store.record(path, endpoint.address().toString());
    return stored != null && stored.lease == lease;
  }

  private void end(RegistryException cause) {
    over = true;
    registry.forget(this);
    listener.onEnded(cause);
  }
}
