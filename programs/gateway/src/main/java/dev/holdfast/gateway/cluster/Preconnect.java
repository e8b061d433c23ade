package dev.holdfast.gateway.cluster;

import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.List;

/**
 * The preconnect policy of one cluster on one event loop: endpoints are connected before a call
 * needs them, when they join, return, or lose their last connection.
 *
 * <p>Active only while the cluster gets calls on this loop, so that unused clusters have no
 * connections. Endpoints beyond {@value #MAX_ENDPOINTS} are connected when a call picks them; the
 * call then goes to one that is ready.
 */
final class Preconnect<L extends PooledConnection> {
  @Limit(
      of = "endpoints of a cluster that one thread of the gateway connects before calls need them",
      then = "others are connected when a call chooses them; the call goes to one that is ready")
  static final int MAX_ENDPOINTS = 32;

  @Limit(
      of = "time since the last call to a cluster in which its endpoints are connected ahead",
      then = "the next call has them connected")
  static final Duration USED_WITHIN = Duration.ofMinutes(1);

  @Limit(
      of = "time from one attempt to connect to an endpoint ahead of calls to the next",
      then = "it is tried again; a call that chooses it need not wait so long")
  static final Duration PAUSE = Duration.ofSeconds(1);

  private final LoopContext context;
  private List<ConnectionPool<L>> pools = List.of();
  private boolean used;
  private long usedNanos;
  private boolean scheduled;

  Preconnect(LoopContext context) {
    this.context = context;
  }

  /** Notes a call, which keeps preconnecting active. */
  void onCall(long nowNanos) {
    used = true;
    usedNanos = nowNanos;
  }

  /** Notes a call whose picked endpoint had no connection. */
  void onMiss(long nowNanos) {
    if (!scheduled) {
      look(nowNanos);
    }
  }

  /** Replaces the endpoints that are kept connected. */
  void onPools(List<ConnectionPool<L>> sharing, long nowNanos) {
    pools = sharing;
    look(nowNanos);
  }

  /** Connects endpoints without a connection, and retries later if one may not be dialed yet. */
  void look(long nowNanos) {
    if (!used || nowNanos - usedNanos > USED_WITHIN.toNanos()) {
      return;
    }
    int connected = 0;
    for (ConnectionPool<L> pool : pools) {
      connected += pool.isConnected() ? 1 : 0;
    }
    if (connected == pools.size() || connected >= MAX_ENDPOINTS) {
      return;
    }
    boolean resting = false;
    int start = context.random(pools.size());
    for (int i = 0; i < pools.size() && connected < MAX_ENDPOINTS; i++) {
      ConnectionPool<L> pool = pools.get((start + i) % pools.size());
      if (!pool.isConnected()) {
        boolean begun = pool.preconnect(nowNanos);
        connected += begun ? 1 : 0;
        resting |= !begun;
      }
    }
    if (resting && !scheduled) {
      scheduled = true;
      context.after(PAUSE.toNanos(), this::checkAgain);
    }
  }

  private void checkAgain() {
    scheduled = false;
    look(context.nanoTime());
  }
}
