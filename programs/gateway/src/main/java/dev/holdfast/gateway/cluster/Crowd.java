package dev.holdfast.gateway.cluster;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The queue of calls that wait for any endpoint of a cluster to become ready. One per cluster and
 * event loop, confined to that loop.
 *
 * <p>If no endpoint can become ready, each call fails with the last connection error.
 */
final class Crowd<L extends Link> implements PoolWatch<L> {
  private final LocalCluster<L> cluster;
  private final LoopContext context;
  private final ConnectAhead<L> ahead;
  private final WaitingCalls<L> calls = new WaitingCalls<>();

  Crowd(LocalCluster<L> cluster, LoopContext context, ConnectAhead<L> ahead) {
    this.cluster = cluster;
    this.context = context;
    this.ahead = ahead;
  }

  /**
   * Queues a call for any endpoint.
   *
   * @param endpoints of the cluster, which scale the limit of the queue
   * @return false when the queue is full
   */
  boolean add(Waiter<L> call, int endpoints) {
    return calls.add(call, EndpointPool.MAX_WAITING * endpoints);
  }

  /**
   * Empties the queue and returns its calls, without those that have ended.
   *
   * @return the calls that still want a connection
   */
  List<Waiter<L>> drain() {
    return calls.drain();
  }

  @Override
  public int waiting() {
    return calls.size();
  }

  @Override
  public void onRoom(EndpointPool<L> pool) {
    if (calls.isEmpty()) {
      return;
    }
    long nowNanos = context.nanoTime();
    if (pool.standing().isLeftOut() && cluster.hopeful(false, nowNanos) != null) {
      return;
    }
    for (Waiter<L> call = calls.peek(); call != null; call = calls.peek()) {
      L link = pool.take(nowNanos);
      if (link == null) {
        return;
      }
      calls.remove();
      call.onLink(pool, link);
    }
  }

  @Override
  public void onLess(EndpointPool<L> pool, String why) {
    long nowNanos = context.nanoTime();
    if (!calls.isEmpty()) {
      @Nullable EndpointPool<L> hopeful = cluster.hopeful(nowNanos);
      if (hopeful == null) {
        calls.refuse(pool.address(), why, true);
      } else {
        hopeful.approach(nowNanos);
      }
    }
    ahead.look(nowNanos);
  }
}
