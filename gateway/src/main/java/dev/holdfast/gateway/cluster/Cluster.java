package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointDirectory;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.EndpointsListener;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A service that calls are sent to: its name, its live list of endpoints, and how one is chosen.
 *
 * <p>Who made a cluster closes it, which ends the watch of its list; a snapshot that is applied
 * later should carry the same object while nothing of it changed, since connections belong to it. A
 * gateway drains the connections of a cluster that its snapshot no longer has. Thread-safe.
 */
public final class Cluster implements AutoCloseable {
  private final String name;
  private final ClusterOptions options;
  private final List<Consumer<EndpointSet>> listeners = new CopyOnWriteArrayList<>();
  private final Outliers outliers;
  private final Object lock = new Object();
  private volatile @Nullable EndpointSet endpoints;
  private final Map<HostPort, Long> sinceNanos = new ConcurrentHashMap<>();
  private volatile String trouble = "";
  private Subscription source = () -> {};

  private Cluster(String name, ClusterOptions options) {
    this.name = name;
    this.options = options;
    this.outliers = new Outliers(options.outliers());
  }

  /** A cluster whose endpoints don't change. */
  public static Cluster fixed(String name, EndpointSet endpoints, ClusterOptions options) {
    Cluster cluster = new Cluster(name, options);
    cluster.publish(endpoints);
    return cluster;
  }

  /** A cluster that follows a service of a registry. */
  public static Cluster following(
      String name, EndpointDirectory directory, ServiceName service, ClusterOptions options) {
    Cluster cluster = new Cluster(name, options);
    cluster.source = directory.subscribe(service, cluster.new Follower());
    return cluster;
  }

  public String name() {
    return name;
  }

  public ClusterOptions options() {
    return options;
  }

  /** The list in use; empty while none is known, which is not an empty list. */
  public Optional<EndpointSet> endpoints() {
    return Optional.ofNullable(endpoints);
  }

  /** Since when an endpoint is in the list, as this gateway saw it; empty for one that is not. */
  public Optional<Duration> age(HostPort endpoint) {
    Long since = sinceNanos.get(endpoint);
    return since == null
        ? Optional.empty()
        : Optional.of(Duration.ofNanos(System.nanoTime() - since));
  }

  /** Why the list can't be followed at the moment; "" while it can. */
  public String trouble() {
    return trouble;
  }

  /** How its endpoints behave. */
  Outliers outliers() {
    return outliers;
  }

  /** Whether somebody checks the health of its endpoints from now on; nobody does at first. */
  public void checkHealth(boolean on) {
    outliers.onChecks(on, System.nanoTime());
  }

  /** What a check found of an endpoint; of one that is not listed any more it says nothing. */
  public void onHealth(Endpoint endpoint, Health health, String why) {
    outliers.onHealth(endpoint, health, why, System.nanoTime());
  }

  /** What the checks found of an endpoint; empty for one that is not listed. */
  public Optional<CheckedHealth> health(HostPort endpoint) {
    return outliers.health(endpoint, System.nanoTime());
  }

  /** How many of its endpoints get no calls because of their health. */
  public int unwell() {
    return outliers.unwell();
  }

  /**
   * Hears, on any thread, that an endpoint was left out for its faults or its health, or let back.
   * A listener must not block.
   */
  public Subscription listenToStandings(Runnable listener) {
    return outliers.listen(listener);
  }

  /**
   * Hears of the list that is known, if one is, at once, and of each later one, on the thread that
   * brings it, in order. A listener must not block.
   */
  public Subscription listen(Consumer<EndpointSet> listener) {
    synchronized (lock) {
      listeners.add(listener);
      EndpointSet known = endpoints;
      if (known != null) {
        listener.accept(known);
      }
    }
    return () -> listeners.remove(listener);
  }

  @Override
  public void close() {
    source.close();
  }

  private void publish(EndpointSet changed) {
    synchronized (lock) {
      outliers.onList(changed, System.nanoTime());
      endpoints = changed;
      Set<HostPort> listed = new HashSet<>();
      changed.endpoints().forEach(each -> listed.add(each.address()));
      sinceNanos.keySet().retainAll(listed);
      listed.forEach(each -> sinceNanos.putIfAbsent(each, System.nanoTime()));
      trouble = "";
      listeners.forEach(listener -> listener.accept(changed));
    }
  }

  @Override
  public String toString() {
    return "Cluster{" + name + ", " + endpoints + "}";
  }

  private final class Follower implements EndpointsListener {
    @Override
    public void onEndpoints(EndpointSet changed) {
      publish(changed);
    }

    @Override
    public void onTrouble(RegistryException cause) {
      String message = cause.getMessage();
      trouble = message == null ? cause.kind().name() : message;
    }
  }
}
