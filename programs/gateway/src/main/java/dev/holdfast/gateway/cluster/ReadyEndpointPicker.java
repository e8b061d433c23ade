package dev.holdfast.gateway.cluster;

import java.util.List;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The load balancer for calls whose picked endpoint is not ready. Picks among the endpoints that
 * are ready now, in proportion to shares; under least request by power of two choices. So these
 * calls are spread like all others, and not put on the next endpoint in the list.
 */
final class ReadyEndpointPicker<L extends PooledConnection> {
  /**
   * The number of random draws: with half of the endpoints ready, all but one call in 256 find one.
   */
  private static final int DRAWS = 8;

  private final List<ConnectionPool<L>> pools;
  private final LbEndpoints lbEndpoints;
  private final EndpointPicker drawn;
  private final int wanted;

  ReadyEndpointPicker(
      List<ConnectionPool<L>> pools,
      LbEndpoints lbEndpoints,
      ClusterLbPolicy clusterLbPolicy,
      IntUnaryOperator random) {
    this.pools = pools;
    this.lbEndpoints = lbEndpoints;
    this.drawn = new EndpointPicker.WeightedRandomPicker(lbEndpoints, random);
    this.wanted = clusterLbPolicy == ClusterLbPolicy.LEAST_REQUEST ? 2 : 1;
  }

  /**
   * Gives the call a connection.
   *
   * @return false when no draw met a ready endpoint
   */
  boolean give(PendingCall<L> call, long nowNanos) {
    int best = -1;
    @Nullable L connection = null;
    int found = 0;
    for (int i = 0; i < DRAWS && found < wanted; i++) {
      int index = drawn.pick(0);
      L ready = index == best ? null : pools.get(index).take(nowNanos);
      if (ready != null) {
        found++;
        if (connection == null || isLess(index, best)) {
          best = index;
          connection = ready;
        }
      }
    }
    if (connection != null) {
      call.onConnection(pools.get(best), connection);
    }
    return connection != null;
  }

  private boolean isLess(int index, int than) {
    return lbEndpoints.openCalls(index) * lbEndpoints.share(than)
        < lbEndpoints.openCalls(than) * lbEndpoints.share(index);
  }
}
