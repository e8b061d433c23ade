package dev.holdfast.registry.etcd;

import com.google.protobuf.ByteString;
import dev.holdfast.core.Backoff;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.ServiceName;
import dev.holdfast.registry.etcd.proto.RangeRequest;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The records that this process announces in one registry, and the lease that they share. Confined
 * to the scheduler.
 */
final class EtcdAnnouncements {
  private final EtcdStore store;
  private final EtcdWatcher watcher;
  private final RegistryContext context;
  private final EtcdLease lease;
  private final NamePrefixCheck overlap;
  private final Map<ByteString, EtcdAnnouncement> byKey = new HashMap<>();
  private final Map<ByteString, EtcdAnnouncement> abandoned = new HashMap<>();
  private boolean closed;

  EtcdAnnouncements(
      EtcdStore store, EtcdWatcher watcher, EtcdOptions options, RegistryContext context) {
    this.store = store;
    this.watcher = watcher;
    this.context = context;
    this.lease = new EtcdLease(store.transport(), context, options, this::onLeaseLost);
    this.overlap = new NamePrefixCheck(store);
    store.onWiped(this::onWiped);
  }

  /** An announcement that begins when {@link #start} is called. From any thread. */
  EtcdAnnouncement create(
      ServiceName service, Endpoint endpoint, Registry.AnnouncementListener listener) {
    ByteString key = EtcdKeys.record(service, endpoint.address());
    return new EtcdAnnouncement(this, key, endpoint, listener);
  }

  void start(ServiceName service, EtcdAnnouncement announcement) {
    if (closed) {
      announcement.end(
          new RegistryException(RegistryException.RegistryErrorKind.CLOSED, "etcd: closed"));
      return;
    }
    EtcdAnnouncement left = abandoned.remove(announcement.key());
    if (left != null) {
      // It may be on its way out, and would take the new record for its own.
      left.supersede();
    }
    EtcdAnnouncement older = byKey.put(announcement.key(), announcement);
    if (older != null) {
      older.supersede();
    }
    overlap.check(service);
    announcement.start();
  }

  EtcdStore store() {
    return store;
  }

  EtcdWatcher watcher() {
    return watcher;
  }

  EtcdLease lease() {
    return lease;
  }

  Scheduler scheduler() {
    return context.scheduler();
  }

  Backoff newBackoff() {
    return new Backoff(EtcdWatcher.RETRY, context.random());
  }

  void later(Duration delay, Runnable task) {
    if (!closed) {
      var unused = context.scheduler().schedule(delay, task);
    }
  }

  void remove(EtcdAnnouncement announcement) {
    byKey.remove(announcement.key(), announcement);
    abandoned.remove(announcement.key(), announcement);
  }

  /**
   * Handles a first write without an answer: the record may exist, under a lease that is kept. If
   * the address is not announced again within the time that a record may outlive its owner, the
   * record is deleted.
   */
  void abandonLater(EtcdAnnouncement announcement) {
    context.scheduler().execute(() -> abandoned.put(announcement.key(), announcement));
    later(
        lease.recordTtl(),
        () -> {
          if (isAbandoned(announcement)) {
            announcement.withdrawNow();
          }
        });
  }

  boolean isAbandoned(EtcdAnnouncement announcement) {
    return abandoned.get(announcement.key()) == announcement;
  }

  /**
   * Ends everything; the lease is revoked, so records go at once, but for those without a lease.
   */
  void close(Duration timeout, Runnable done) {
    closed = true;
    List.copyOf(byKey.values()).forEach(EtcdAnnouncement::close);
    lease.release(timeout, done);
  }

  private void onWiped() {
    lease.forget();
    abandoned.clear();
    endAll(
        new RegistryException(
            RegistryException.RegistryErrorKind.WIPED, "etcd: the store lost its memory"));
  }

  /** A lease that is not known may mean a store that forgot everything: that is asked first. */
  private void onLeaseLost(RegistryException cause) {
    abandoned.clear();
    List<EtcdAnnouncement> lost = List.copyOf(byKey.values());
    if (lost.isEmpty()) {
      return;
    }
    store.range(
        RangeRequest.newBuilder().setKey(lost.get(0).key()).setCountOnly(true).build(),
        store.transport().attemptTimeout(),
        reply -> lost.forEach(announcement -> announcement.end(cause)),
        error -> lost.forEach(announcement -> announcement.end(cause)));
  }

  private void endAll(RegistryException cause) {
    List.copyOf(byKey.values()).forEach(announcement -> announcement.end(cause));
  }
}
