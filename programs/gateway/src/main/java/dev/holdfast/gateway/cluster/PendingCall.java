package dev.holdfast.gateway.cluster;

/**
 * A pending call that needs a connection. Exactly one of {@link #onConnection} and {@link
 * #onNoConnection} is called, possibly at once, on the event loop.
 */
public interface PendingCall<L extends PooledConnection> {
  /** Gives the call a connection, which it must use now. */
  void onConnection(ConnectionPool<L> pool, L connection);

  /**
   * Reports that no connection is available.
   *
   * @param endpoint that was tried, or "none"
   * @param why the reason, for the client and the logs
   * @param again whether the call may try another endpoint
   */
  void onNoConnection(String endpoint, String why, boolean again);

  /** Whether the call ended meanwhile and needs no connection. */
  boolean isOver();

  /** The hash of the value for which calls should reach the same endpoint; ring hash only. */
  int hash();
}
