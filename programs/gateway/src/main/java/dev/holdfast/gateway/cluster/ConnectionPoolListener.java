package dev.holdfast.gateway.cluster;

/** The listener of an endpoint's connection pool: the cluster on the same event loop. */
interface ConnectionPoolListener<L extends PooledConnection> {
  /** The number of calls that wait for any endpoint of the cluster. */
  int pendingCalls();

  /** A connection of this pool may have room, and no call waits for this endpoint alone. */
  void onReady(ConnectionPool<L> pool);

  /** A connection of this pool closed, is leaving, or could not be established. */
  void onNotReady(ConnectionPool<L> pool, String why);
}
