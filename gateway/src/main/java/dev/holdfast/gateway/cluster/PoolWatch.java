package dev.holdfast.gateway.cluster;

/** What the pool of one endpoint asks and tells its cluster. */
interface PoolWatch<L extends Link> {
  /** Calls that wait for whichever endpoint is ready first. */
  int waiting();

  /** A link of this pool may have room, and no call waits for this very endpoint. */
  void onRoom(EndpointPool<L> pool);

  /** A link of this pool is gone, leaves, or never came to be. */
  void onLess(EndpointPool<L> pool, String why);
}
