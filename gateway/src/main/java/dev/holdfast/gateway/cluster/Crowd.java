package dev.holdfast.gateway.cluster;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Calls of one cluster on one loop that wait for whichever endpoint is ready first. When none can
 * become ready they are told so, with what happened to the last one.
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

  /** One more; false when there are too many for so many endpoints. */
  boolean add(Waiter<L> call, int endpoints) {
    return calls.add(call, EndpointPool.MAX_WAITING * endpoints);
  }

  /** Takes out all. */
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
