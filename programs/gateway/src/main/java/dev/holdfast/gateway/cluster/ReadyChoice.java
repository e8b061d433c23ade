package dev.holdfast.gateway.cluster;

import java.util.List;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The load balancer for calls whose picked endpoint is not ready. Picks among the endpoints that
 * are ready now, in proportion to shares; under least request by power of two choices. So these
 * calls are spread like all others, and not put on the next endpoint in the list.
 */
final class ReadyChoice<L extends Link> {
  /**
   * The number of random draws: with half of the endpoints ready, all but one call in 256 find one.
   */
  private static final int DRAWS = 8;

  private final List<EndpointPool<L>> pools;
  private final Candidates candidates;
  private final Choice drawn;
  private final int wanted;

  ReadyChoice(
      List<EndpointPool<L>> pools,
      Candidates candidates,
      Balance balance,
      IntUnaryOperator random) {
    this.pools = pools;
    this.candidates = candidates;
    this.drawn = new Choice.Weighted(candidates, random);
    this.wanted = balance == Balance.LEAST_REQUEST ? 2 : 1;
  }

  /**
   * Gives the call a connection.
   *
   * @return false when no draw met a ready endpoint
   */
  boolean give(Waiter<L> call, long nowNanos) {
    int best = -1;
    @Nullable L link = null;
    int found = 0;
    for (int i = 0; i < DRAWS && found < wanted; i++) {
      int index = drawn.next(0);
      L ready = index == best ? null : pools.get(index).take(nowNanos);
      if (ready != null) {
        found++;
        if (link == null || isLess(index, best)) {
          best = index;
          link = ready;
        }
      }
    }
    if (link != null) {
      call.onLink(pools.get(best), link);
    }
    return link != null;
  }

  private boolean isLess(int index, int than) {
    return candidates.openCalls(index) * candidates.share(than)
        < candidates.openCalls(than) * candidates.share(index);
  }
}
