package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.Limit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A cluster as one event loop has it: a pool per endpoint, and who gets the next call.
 *
 * <p>A call waits only when no endpoint has a connection ready. Draining and unready endpoints get
 * calls only when there are no others. Used on its event loop.
 */
public final class LocalCluster<L extends Link> implements Candidates {
  @Limit(
      of = "calls that wait for the first list of a cluster, per thread of the gateway",
      then = "the next call is answered with UNAVAILABLE")
  static final int MAX_WAITING_FOR_LIST = 1_000;

  private static final String NONE = "none";

  private final Cluster cluster;
  private final Dialer<L> dialer;
  private final IntUnaryOperator random;
  private final Map<HostPort, EndpointPool<L>> pools = new HashMap<>();
  private final ArrayDeque<Waiter<L>> waiting = new ArrayDeque<>(0);
  private List<EndpointPool<L>> eligible = List.of();
  private @Nullable Choice choice;
  private boolean known;
  private boolean retired;

  public LocalCluster(Cluster cluster, Dialer<L> dialer, IntUnaryOperator random) {
    this.cluster = cluster;
    this.dialer = dialer;
    this.random = random;
  }

  /** Gives the call a connection, now or as soon as there is one, or says why not. */
  public void find(Waiter<L> call, long nowNanos) {
    Choice chooser = choice;
    if (chooser == null) {
      findNothing(call);
      return;
    }
    int chosen = chooser.next(cluster.options().balance() == Balance.RING_HASH ? call.hash() : 0);
    EndpointPool<L> pool = eligible.get(chosen);
    L link = pool.take(nowNanos);
    if (link != null) {
      call.onLink(pool, link);
    } else {
      findElse(call, chosen, nowNanos);
    }
  }

  /** The list changed. */
  public void update(EndpointSet endpoints) {
    if (retired) {
      return;
    }
    known = true;
    List<Endpoint> wanted = endpoints.eligible();
    if (wanted.isEmpty()) {
      wanted = endpoints.endpoints();
    }
    List<EndpointPool<L>> next = new ArrayList<>(wanted.size());
    for (Endpoint endpoint : wanted) {
      EndpointPool<L> pool =
          pools.computeIfAbsent(
              endpoint.address(), a -> new EndpointPool<>(endpoint, cluster.options(), dialer));
      pool.update(endpoint);
      next.add(pool);
    }
    List<EndpointPool<L>> leaving = new ArrayList<>(pools.values());
    leaving.removeAll(next);
    eligible = next;
    choice = next.isEmpty() ? null : Choice.of(cluster.options().balance(), this, random);
    pools.values().removeAll(leaving);
    leaving.forEach(EndpointPool::retire);
    long nowNanos = System.nanoTime();
    List<Waiter<L>> released = List.copyOf(waiting);
    waiting.clear();
    released.stream().filter(call -> !call.isOver()).forEach(call -> find(call, nowNanos));
  }

  /** The gateway has no use for it any more: what is open finishes. */
  public void retire() {
    retired = true;
    known = true;
    eligible = List.of();
    choice = null;
    pools.values().forEach(EndpointPool::retire);
    pools.clear();
    List.copyOf(waiting).forEach(call -> call.onNoLink(NONE, "the cluster was removed", false));
    waiting.clear();
  }

  @Override
  public int size() {
    return eligible.size();
  }

  @Override
  public int openCalls(int index) {
    return eligible.get(index).openCalls();
  }

  @Override
  public int weight(int index) {
    return eligible.get(index).endpoint().weight();
  }

  @Override
  public String key(int index) {
    return eligible.get(index).address();
  }

  private void findNothing(Waiter<L> call) {
    if (known) {
      call.onNoLink(NONE, "cluster " + cluster.name() + " has no endpoint", false);
    } else if (waiting.size() >= MAX_WAITING_FOR_LIST) {
      call.onNoLink(NONE, waiting.size() + " calls wait for the list of endpoints already", false);
    } else {
      waiting.add(call);
    }
  }

  /** The chosen one has no connection for it now. */
  private void findElse(Waiter<L> call, int chosen, long nowNanos) {
    EndpointPool<L> first = eligible.get(chosen);
    boolean sticky = cluster.options().balance() == Balance.RING_HASH;
    if (!sticky || !first.isHopeful(nowNanos)) {
      first.approach(nowNanos);
      for (int i = 1; i < eligible.size(); i++) {
        EndpointPool<L> other = eligible.get((chosen + i) % eligible.size());
        L link = other.take(nowNanos);
        if (link != null) {
          call.onLink(other, link);
          return;
        }
      }
    }
    for (int i = 0; i < eligible.size(); i++) {
      EndpointPool<L> hopeful = eligible.get((chosen + i) % eligible.size());
      if (hopeful.isHopeful(nowNanos)) {
        hopeful.await(call, nowNanos);
        return;
      }
    }
    call.onNoLink(first.address(), first.lastFailure(), false);
  }
}
