package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.EndpointsListener;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.discovery.EndpointDirectory;
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
 * An upstream cluster: its name, its live list of endpoints, its options, and the health of its
 * endpoints. Thread-safe.
 *
 * <p>The creator of a cluster closes it, which ends the watch of its list. Connections belong to
 * the cluster object, so a later snapshot should carry the same object while nothing of it changed.
 * A gateway drains the connections of a cluster that its snapshot no longer has.
 */
public final class Cluster implements AutoCloseable {
  private final String name;
  private final ClusterOptions options;
  private final List<Consumer<EndpointSet>> listeners = new CopyOnWriteArrayList<>();
  private final OutlierDetector outlierDetector;
  private final Object lock = new Object();
  private volatile @Nullable EndpointSet endpoints;
  private final Map<HostPort, Long> sinceNanos = new ConcurrentHashMap<>();
  private volatile String trouble = "";
  private Subscription source = () -> {};

  private Cluster(String name, ClusterOptions options) {
    this.name = name;
    this.options = options;
    this.outlierDetector = new OutlierDetector(options.outliers());
  }

  /** Creates a cluster with a fixed list of endpoints. */
  public static Cluster fixed(String name, EndpointSet endpoints, ClusterOptions options) {
    Cluster cluster = new Cluster(name, options);
    cluster.publish(endpoints);
    return cluster;
  }

  /** Creates a cluster whose endpoints follow a service of a registry. */
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

  /** The current list of endpoints; absent until the first list, which may itself be empty. */
  public Optional<EndpointSet> endpoints() {
    return Optional.ofNullable(endpoints);
  }

  /**
   * The time since an endpoint was listed, as this gateway saw it; empty for one that is not
   * listed.
   */
  public Optional<Duration> age(HostPort endpoint) {
    Long since = sinceNanos.get(endpoint);
    return since == null
        ? Optional.empty()
        : Optional.of(Duration.ofNanos(System.nanoTime() - since));
  }

  /** The reason why the registry's list cannot be followed now; "" while it can. */
  public String trouble() {
    return trouble;
  }

  /** The outlier detection of the endpoints. */
  OutlierDetector outlierDetector() {
    return outlierDetector;
  }

  /** Switches the effect of active health checks on or off; it is off at first. */
  public void checkHealth(boolean on) {
    outlierDetector.onChecks(on, System.nanoTime());
  }

  /** Applies the result of a health check. Ignored for an endpoint that is not listed any more. */
  public void onHealth(Endpoint endpoint, EndpointHealthStatus endpointHealthStatus, String why) {
    outlierDetector.onHealth(endpoint, endpointHealthStatus, why, System.nanoTime());
  }

  /** The last health check result of an endpoint; empty for one that is not listed. */
  public Optional<HealthCheckResult> health(HostPort endpoint) {
    return outlierDetector.health(endpoint, System.nanoTime());
  }

  /** The number of endpoints that get no calls because of their health. */
  public int unhealthyCount() {
    return outlierDetector.unhealthyCount();
  }

  /**
   * Subscribes to endpoints being ejected, losing or regaining health. The listener is called on
   * any thread and must not block.
   */
  public Subscription listenToHealth(Runnable listener) {
    return outlierDetector.listen(listener);
  }

  /**
   * Subscribes to the list of endpoints. The listener gets the current list, if there is one, at
   * once, and each later list in order, on the thread that publishes it. A listener must not block.
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
      outlierDetector.onList(changed, System.nanoTime());
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
    public void onFailure(RegistryException cause) {
      String message = cause.getMessage();
      trouble = message == null ? cause.kind().name() : message;
    }
  }
}
