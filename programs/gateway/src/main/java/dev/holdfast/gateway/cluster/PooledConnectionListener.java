package dev.holdfast.gateway.cluster;

/** The listener of a connection's state. Called on the connection's event loop. */
public interface PooledConnectionListener<L extends PooledConnection> {
  /**
   * The connection can take calls: the peer's SETTINGS arrived, a call ended, or it was proved
   * alive.
   */
  void onReady(L connection);

  /**
   * The connection takes no new calls, for now or ever, and its calls go on: it is suspect, or the
   * peer sent GOAWAY.
   */
  void onNotReady(L connection);

  /**
   * The connection should be replaced, make-before-break: it takes calls until another one is
   * ready.
   */
  void onAged(L connection);

  /**
   * The connection should be replaced at once: it takes no new calls if another one may be opened.
   */
  void onExhausted(L connection);

  /** The connection is closed, or could not be established. */
  void onClosed(L connection, String why);
}
