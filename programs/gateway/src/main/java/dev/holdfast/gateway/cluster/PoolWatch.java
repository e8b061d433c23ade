package dev.holdfast.gateway.cluster;

/** The listener of an endpoint's connection pool: the cluster on the same event loop. */
interface PoolWatch<L extends Link> {
  /** The number of calls that wait for any endpoint of the cluster. */
  int waiting();

  /** A connection of this pool may have room, and no call waits for this endpoint alone. */
  void onRoom(EndpointPool<L> pool);

  /** A connection of this pool closed, is leaving, or could not be established. */
  void onLess(EndpointPool<L> pool, String why);
}
