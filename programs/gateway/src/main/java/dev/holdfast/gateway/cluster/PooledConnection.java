package dev.holdfast.gateway.cluster;

/** A connection to an endpoint, as its pool sees it. Confined to its event loop. */
public interface PooledConnection {
  /**
   * Whether another call fits now: the peer's SETTINGS arrived, a stream is free, and the
   * connection is not leaving.
   */
  boolean hasRoom();

  /** Whether the connection must be proved alive before it gets another call. */
  boolean isStale(long nowNanos);

  /** Requests a liveness check; the result is reported to {@link PooledConnectionListener}. */
  void probe();

  /** The number of open calls on this connection. */
  int openCalls();

  /** The peer's limit of concurrent calls. */
  int mostCalls();

  /** Whether the connection never gets another call. */
  boolean isDraining();

  /** Stops new calls, and closes the connection with its last one. */
  void retire();
}
