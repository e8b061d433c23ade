package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Limit;
import java.time.Duration;
import java.util.List;

/**
 * Sees to it that endpoints are connected before a call needs them: those that join or come back,
 * and those whose last connection was lost.
 *
 * <p>Only as long as calls come to the cluster on this loop, so that clusters nobody calls have no
 * connections. Further endpoints than {@value #MAX_ENDPOINTS} are connected when a call chooses
 * them, which then takes one that is ready.
 */
final class ConnectAhead<L extends Link> {
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
  private List<EndpointPool<L>> pools = List.of();
  private boolean used;
  private long usedNanos;
  private boolean scheduled;

  ConnectAhead(LoopContext context) {
    this.context = context;
  }

  /** A call came. */
  void onCall(long nowNanos) {
    used = true;
    usedNanos = nowNanos;
  }

  /** A call was meant for an endpoint without a connection. */
  void onMiss(long nowNanos) {
    if (!scheduled) {
      look(nowNanos);
    }
  }

  /** Those that get calls by choice are these from now on. */
  void onPools(List<EndpointPool<L>> sharing, long nowNanos) {
    pools = sharing;
    look(nowNanos);
  }

  /** Connects those that are not, and comes again while it could not. */
  void look(long nowNanos) {
    if (!used || nowNanos - usedNanos > USED_WITHIN.toNanos()) {
      return;
    }
    int connected = 0;
    for (EndpointPool<L> pool : pools) {
      connected += pool.isConnected() ? 1 : 0;
    }
    if (connected == pools.size() || connected >= MAX_ENDPOINTS) {
      return;
    }
    boolean resting = false;
    int start = context.random(pools.size());
    for (int i = 0; i < pools.size() && connected < MAX_ENDPOINTS; i++) {
      EndpointPool<L> pool = pools.get((start + i) % pools.size());
      if (!pool.isConnected()) {
        boolean begun = pool.connectAhead(nowNanos);
        connected += begun ? 1 : 0;
        resting |= !begun;
      }
    }
    if (resting && !scheduled) {
      scheduled = true;
      context.after(PAUSE.toNanos(), this::lookAgain);
    }
  }

  private void lookAgain() {
    scheduled = false;
    look(context.nanoTime());
  }
}
