package dev.holdfast.gateway.cluster;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The queue of calls that wait for any endpoint of a cluster to become ready. One per cluster and
 * event loop, confined to that loop.
 *
 * <p>If no endpoint can become ready, each call fails with the last connection error.
 */
final class PendingCalls<L extends PooledConnection> implements ConnectionPoolListener<L> {
  private final ThreadLocalCluster<L> cluster;
  private final LoopContext context;
  private final Preconnect<L> ahead;
  private final PendingCallQueue<L> calls = new PendingCallQueue<>();

  PendingCalls(ThreadLocalCluster<L> cluster, LoopContext context, Preconnect<L> ahead) {
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
  boolean add(PendingCall<L> call, int endpoints) {
    return calls.add(call, ConnectionPool.MAX_WAITING * endpoints);
  }

  /**
   * Empties the queue and returns its calls, without those that have ended.
   *
   * @return the calls that still want a connection
   */
  List<PendingCall<L>> drain() {
    return calls.drain();
  }

  @Override
  public int pendingCalls() {
    return calls.size();
  }

  @Override
  public void onReady(ConnectionPool<L> pool) {
    if (calls.isEmpty()) {
      return;
    }
    long nowNanos = context.nanoTime();
    if (pool.endpointHealth().isLeftOut() && cluster.connectablePool(false, nowNanos) != null) {
      return;
    }
    for (PendingCall<L> call = calls.peek(); call != null; call = calls.peek()) {
      L connection = pool.take(nowNanos);
      if (connection == null) {
        return;
      }
      calls.remove();
      call.onConnection(pool, connection);
    }
  }

  @Override
  public void onNotReady(ConnectionPool<L> pool, String why) {
    long nowNanos = context.nanoTime();
    if (!calls.isEmpty()) {
      @Nullable ConnectionPool<L> hopeful = cluster.connectablePool(nowNanos);
      if (hopeful == null) {
        calls.refuse(pool.address(), why, true);
      } else {
        hopeful.ensureConnecting(nowNanos);
      }
    }
    ahead.look(nowNanos);
  }
}
