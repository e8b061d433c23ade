package dev.holdfast.core;

import dev.holdfast.core.registration.InstanceRegistration;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * A service registry: etcd, a directory of files, DNS, Kubernetes.
 *
 * <p>An implementation reports what it reads and restores its own connection; it makes no
 * judgement. {@code LastKnownGoodEndpoints} decides which list to use, and {@code
 * RegistrationStateMachine} keeps a record alive; both are the same for every registry. The
 * contract of an implementation:
 *
 * <ul>
 *   <li>a watch goes on until closed: after a failure it is restored with {@link Backoff}, and then
 *       a complete snapshot is delivered, even when nothing changed;
 *   <li>every callback runs on the {@link Scheduler} of its {@link RegistryContext} and none
 *       follows a close;
 *   <li>futures of {@link #read} end within {@link #requestTimeout()};
 *   <li>no method blocks.
 * </ul>
 *
 * <p>The contract is tested by {@code RegistryContractTest} in this room's test-jar, which every
 * implementation passes. Thread-safe.
 */
public interface Registry extends AutoCloseable {

  /** An optional operation of a registry. */
  enum Capability {
    /** The registry supports {@link #watchNames}. */
    NAMES,
    /** The registry supports {@link #announce}. */
    ANNOUNCE
  }

  /** The registry as a URI without secrets, for log lines and errors. */
  String describe();

  Set<Capability> capabilities();

  /**
   * Follows the endpoints of a service. The first snapshot comes as soon as it is read; an empty
   * one is a snapshot too.
   */
  Subscription watch(ServiceName service, WatchListener listener);

  /**
   * Reads the endpoints of a service now, from the source of truth (never from a cache or the
   * watch).
   *
   * @return completes on the scheduler, or fails with a {@link RegistryException}
   */
  CompletionStage<RegistrySnapshot> read(ServiceName service);

  /**
   * Follows the names of the services in a namespace, nested namespaces not included.
   *
   * @throws RegistryException of kind UNSUPPORTED without {@link Capability#NAMES}
   */
  Subscription watchNames(String namespace, ServiceNamesListener listener);

  /**
   * Makes one attempt to publish a record and to keep it; {@link InstanceRegistration} makes the
   * next ones. The record lives while its owner does, at most {@link #recordTtl()} longer.
   *
   * <p>A record of another instance at the same address is replaced: the process that could bind
   * the port last is there now. The one that was replaced hears TAKEN_OVER.
   *
   * @throws RegistryException of kind UNSUPPORTED without {@link Capability#ANNOUNCE}
   */
  Announcement announce(ServiceName service, Endpoint endpoint, AnnouncementListener listener);

  /**
   * The time that a record outlives its owner. The grace times of {@code LastKnownGoodEndpoints}
   * follow it.
   */
  Duration recordTtl();

  /** The time after which a request is given up. */
  Duration requestTimeout();

  /**
   * The addresses of the registry's members, from which the own address is found that they would be
   * reached by; empty when the registry is on this machine. Host names are not resolved: that may
   * block, and this may be asked from any thread.
   */
  List<InetSocketAddress> peerAddresses();

  /** Ends all watches and announcements; leases are revoked, so records of this process go away. */
  @Override
  void close();

  /** A listener for the endpoints of one service. */
  interface WatchListener {
    /** The whole list as it is now, first or changed. */
    void onSnapshot(RegistrySnapshot snapshot);

    /** The registry proved that the last snapshot is still what it holds. */
    void onConfirmed();

    /** The watch broke; it is being restored and a snapshot will follow. */
    void onFailure(RegistryException cause);
  }

  /** A listener for the service names of a namespace. */
  interface ServiceNamesListener {
    /** All names as they are now, sorted, without the namespace. */
    void onNames(Set<String> names);

    /** The watch broke; it is being restored and the names will follow. */
    void onFailure(RegistryException cause);
  }

  /** A published record that can be updated and withdrawn. */
  interface Announcement {
    /**
     * Changes what the record says; the address must stay the same. Of several changes the last one
     * given stays, whatever order their requests take.
     */
    void update(Endpoint endpoint);

    /**
     * Marks the record as draining, then deletes it, if it is still our own. The record is no
     * longer kept alive from the first call on; after a failure it may be called again.
     *
     * @return completes on the scheduler when it is gone, or fails with a {@link
     *     RegistryException}; the listener hears nothing more
     */
    CompletionStage<Void> withdraw();
  }

  /** A listener for the state of an announcement. */
  interface AnnouncementListener {
    /**
     * The record, as last given, is visible to everyone. Called again after each update; an update
     * that got lost is given again by the caller.
     */
    void onPublished();

    /** The attempt failed or the record was lost. The last call; the announcement is over. */
    void onEnded(RegistryException cause);
  }
}
