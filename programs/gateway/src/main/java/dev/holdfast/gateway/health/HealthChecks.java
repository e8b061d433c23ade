package dev.holdfast.gateway.health;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.EndpointHealthStatus;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.loop.ConfigSnapshot;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.route.Router;
import dev.holdfast.gateway.route.ServiceRouter;
import dev.holdfast.gateway.socket.ClosingEventLoopGroup;
import dev.holdfast.liveness.ConnectionRole;
import dev.holdfast.liveness.LivenessMeters;
import dev.holdfast.liveness.LivenessOptions;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The active health checks of a gateway. Each endpoint of a checked cluster has one connection. A
 * thread of its own runs the checks, and exists only while there are any. Results go to the {@link
 * Cluster}. Thread-safe.
 */
public final class HealthChecks implements AutoCloseable {
  @Limit(
      of = "endpoints of one cluster whose health a gateway checks",
      then = "further ones are logged and regarded as healthy")
  static final int MAX_ENDPOINTS = 2_000;

  private static final Logger log = LoggerFactory.getLogger(HealthChecks.class);

  private final MeterRegistry meters;
  private final LivenessOptions liveness;
  private final Object lock = new Object();
  private @Nullable Running running;
  private boolean closed;

  /**
   * Creates health checks without a cluster.
   *
   * @param meters receives the meters of the checks and their connections
   * @param liveness watches the connections
   */
  public HealthChecks(MeterRegistry meters, LivenessOptions liveness) {
    this.meters = meters;
    this.liveness = liveness;
  }

  /**
   * Checks the clusters that have options here, by name. Checks of unchanged clusters go on. For
   * changed ones, the known health counts until the next answer.
   */
  public void use(Map<String, Cluster> clusters, Map<String, HealthCheckOptions> options) {
    Map<Cluster, HealthCheckOptions> wanted = new HashMap<>();
    options.forEach(
        (name, each) -> {
          Cluster cluster = clusters.get(name);
          if (cluster != null) {
            wanted.put(cluster, each);
          }
        });
    synchronized (lock) {
      Running checks = running;
      if (closed || (checks == null && wanted.isEmpty())) {
        return;
      }
      if (checks == null) {
        checks = new Running(meters, liveness);
        running = checks;
      }
      checks.execute(wanted);
    }
  }

  /** Ends all checks and their connections. */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      if (running != null) {
        running.close();
      }
    }
  }

  /**
   * The configuration of a loop that accepts no clients: no routes, no clusters, default limits.
   */
  private record EmptySnapshot(Router router, Map<String, Cluster> clusters, GatewayLimits limits)
      implements ConfigSnapshot {
    EmptySnapshot() {
      this(ServiceRouter.unknown(), Map.of(), GatewayLimits.DEFAULT);
    }
  }

  /**
   * The thread of the checks and the clusters that are checked. Confined to that thread, except the
   * constructor, execute and close.
   */
  private static final class Running {
    private final EventLoopGroup thread;
    private final GatewayMeters meters;
    private final HealthCheckLoop loop;
    private final Map<Cluster, Checked> checked = new HashMap<>();

    Running(MeterRegistry registry, LivenessOptions liveness) {
      thread =
          ClosingEventLoopGroup.of(
              1,
              new DefaultThreadFactory("holdfast-health", true),
              Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
      meters = new GatewayMeters(registry);
      loop =
          new HealthCheckLoop(
              new ForwardingLoop(
                  thread.next().next(),
                  EmptySnapshot::new,
                  new ForwardingLoop.ConnectionMonitoring(
                      liveness,
                      LivenessMeters.on(registry, ConnectionRole.SERVER),
                      LivenessMeters.on(registry, ConnectionRole.CLIENT),
                      meters)),
              meters);
    }

    void execute(Map<Cluster, HealthCheckOptions> wanted) {
      loop.eventLoop().execute(() -> use(wanted));
    }

    void close() {
      loop.eventLoop().execute(() -> use(Map.of()));
      var unused = thread.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    private void use(Map<Cluster, HealthCheckOptions> wanted) {
      for (Cluster each : List.copyOf(checked.keySet())) {
        Checked before = checked.get(each);
        HealthCheckOptions options = wanted.get(each);
        if (before != null && !before.options.equals(options)) {
          before.close();
          checked.remove(each);
          if (options == null) {
            each.checkHealth(false);
          }
        }
      }
      wanted.forEach(
          (cluster, options) -> {
            if (!checked.containsKey(cluster)) {
              cluster.checkHealth(true);
              checked.put(cluster, new Checked(cluster, options));
            }
          });
    }

    /** The checks of one cluster, one per endpoint. */
    private final class Checked {
      private final Cluster cluster;
      private final HealthCheckOptions options;
      private final Map<Run, EndpointHealthChecker> checks = new HashMap<>();
      private final Subscription gauge;
      private final Subscription list;
      private boolean gone;

      Checked(Cluster cluster, HealthCheckOptions options) {
        this.cluster = cluster;
        this.options = options;
        this.gauge = meters.unhealthy(cluster.name(), cluster::unhealthyCount);
        this.list =
            cluster.listen(endpoints -> loop.eventLoop().execute(() -> onEndpoints(endpoints)));
      }

      /**
       * The identity of a running endpoint process; a restart at the same address is a different
       * run.
       */
      private record Run(HostPort address, String instance) {}

      private void onEndpoints(EndpointSet endpoints) {
        if (gone) {
          return;
        }
        Map<Run, Endpoint> wanted = new HashMap<>();
        for (Endpoint each : endpoints.eligible()) {
          wanted.put(new Run(each.address(), each.instance()), each);
        }
        for (Run each : List.copyOf(checks.keySet())) {
          EndpointHealthChecker leaving = wanted.containsKey(each) ? null : checks.remove(each);
          if (leaving != null) {
            leaving.close();
          }
        }
        int skipped = 0;
        for (Map.Entry<Run, Endpoint> each : wanted.entrySet()) {
          if (!checks.containsKey(each.getKey())) {
            skipped += begin(each.getKey(), each.getValue()) ? 0 : 1;
          }
        }
        if (skipped > 0) {
          log.warn(
              "event=health_unchecked cluster={} checked={} unchecked={}",
              cluster.name(),
              checks.size(),
              skipped);
        }
      }

      private boolean begin(Run run, Endpoint endpoint) {
        if (checks.size() >= MAX_ENDPOINTS) {
          cluster.onHealth(
              endpoint, EndpointHealthStatus.SERVING, "not checked, there are too many");
          return false;
        }
        EndpointHealthChecker check = new EndpointHealthChecker(loop, cluster, endpoint, options);
        checks.put(run, check);
        check.proceed();
        return true;
      }

      private void close() {
        gone = true;
        list.close();
        gauge.close();
        checks.values().forEach(EndpointHealthChecker::close);
        checks.clear();
      }
    }
  }
}
