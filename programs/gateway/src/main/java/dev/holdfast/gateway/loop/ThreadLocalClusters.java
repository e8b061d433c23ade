package dev.holdfast.gateway.loop;

import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.Dialer;
import dev.holdfast.gateway.cluster.EndpointView;
import dev.holdfast.gateway.cluster.LoopContext;
import dev.holdfast.gateway.cluster.ThreadLocalCluster;
import dev.holdfast.gateway.upstream.UpstreamConnection;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The clusters of one event loop, created on first use. A caller with a replaced cluster object
 * gets the current cluster of the same name.
 *
 * <p>A cluster that was removed, with nothing in its place, stays for calls that were routed to it
 * before: until none waits for a connection.
 */
final class ThreadLocalClusters {
  @Limit(
      of = "time that calls may still wait for a connection to a cluster that was removed",
      then = "they are answered with UNAVAILABLE")
  static final Duration MAX_AFTER_REMOVAL = Duration.ofSeconds(20);

  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final EventLoop loop;
  private final Supplier<? extends ConfigSnapshot> terms;
  private final LoopContext context;
  private final Function<Cluster, Dialer<UpstreamConnection>> dialers;
  private final IdentityHashMap<Cluster, Local> open = new IdentityHashMap<>();
  private final Set<Cluster> left = Collections.newSetFromMap(new WeakHashMap<>());

  ThreadLocalClusters(
      EventLoop loop,
      Supplier<? extends ConfigSnapshot> terms,
      LoopContext context,
      Function<Cluster, Dialer<UpstreamConnection>> dialers) {
    this.loop = loop;
    this.terms = terms;
    this.context = context;
    this.dialers = dialers;
  }

  private record Local(
      ThreadLocalCluster<UpstreamConnection> cluster,
      Subscription list,
      Subscription healthChanges) {
    void retire(Supplier<ThreadLocalCluster<UpstreamConnection>> successor) {
      list.close();
      healthChanges.close();
      cluster.retire(successor);
    }
  }

  /**
   * The state of a cluster on this loop; one without endpoints if the cluster was removed and has
   * no successor.
   */
  ThreadLocalCluster<UpstreamConnection> of(Cluster cluster) {
    context.assertInLoop();
    Local known = open.get(cluster);
    return known == null ? present(cluster) : known.cluster;
  }

  /** Keeps these clusters; connections of others end with their last call. */
  void retain(Collection<Cluster> wanted) {
    Set<Cluster> kept = Collections.newSetFromMap(new IdentityHashMap<>());
    kept.addAll(wanted);
    for (Cluster each : List.copyOf(open.keySet())) {
      Local local = kept.contains(each) ? null : open.remove(each);
      if (local != null) {
        left.add(each);
        Cluster present = terms.get().clusters().get(each.name());
        if (present != null && kept.contains(present)) {
          local.retire(() -> of(present));
        } else {
          retireLater(local, context.nanoTime() + MAX_AFTER_REMOVAL.toNanos());
        }
      }
    }
  }

  /** Retires a removed cluster once no call waits for its connections. */
  private void retireLater(Local local, long endNanos) {
    if (local.cluster.isAwaited() && context.nanoTime() - endNanos < 0) {
      context.after(LOOK_NANOS, () -> retireLater(local, endNanos));
    } else {
      local.retire(() -> local.cluster);
    }
  }

  /** A view of the endpoints, by the name of their cluster. */
  Map<String, List<EndpointView>> view(long nowNanos) {
    Map<String, List<EndpointView>> endpoints = new HashMap<>();
    open.forEach((each, local) -> endpoints.put(each.name(), local.cluster.view(nowNanos)));
    return endpoints;
  }

  private ThreadLocalCluster<UpstreamConnection> present(Cluster cluster) {
    if (!left.contains(cluster)) {
      return open(cluster);
    }
    Cluster present = terms.get().clusters().get(cluster.name());
    if (present == null) {
      // Opened again it would stay so, since nobody says a second time that it left.
      ThreadLocalCluster<UpstreamConnection> gone = made(cluster);
      gone.retire(() -> gone);
      return gone;
    }
    Local known = open.get(present);
    return known == null ? open(present) : known.cluster;
  }

  private ThreadLocalCluster<UpstreamConnection> made(Cluster cluster) {
    return new ThreadLocalCluster<>(cluster, dialers.apply(cluster), context);
  }

  private ThreadLocalCluster<UpstreamConnection> open(Cluster cluster) {
    ThreadLocalCluster<UpstreamConnection> local = made(cluster);
    Subscription list =
        cluster.listen(
            endpoints -> {
              if (loop.inEventLoop()) {
                local.update(endpoints);
              } else {
                loop.execute(() -> local.update(endpoints));
              }
            });
    Subscription healthChanges =
        cluster.listenToHealth(() -> loop.execute(local::onEndpointHealth));
    left.remove(cluster);
    open.put(cluster, new Local(local, list, healthChanges));
    return local;
  }
}
