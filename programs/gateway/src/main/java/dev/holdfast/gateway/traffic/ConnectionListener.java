package dev.holdfast.gateway.traffic;

import dev.holdfast.core.CloseReason;
import java.net.SocketAddress;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A listener for the HTTP/2 connections of a gateway: those that clients opened and those that it
 * opened to endpoints. Called on event loops, so it must not block.
 */
@FunctionalInterface
public interface ConnectionListener {
  /** A listener that ignores all connections. */
  ConnectionListener NONE = (ends, suspect) -> why -> {};

  /**
   * The two ends of a connection.
   *
   * @param cluster the cluster of the endpoint; "" for a connection that a client opened
   * @param peer the client, as a PROXY header names it, or the endpoint
   * @param local the address of the gateway
   */
  record ConnectionEnds(
      String cluster, @Nullable SocketAddress peer, @Nullable SocketAddress local) {}

  /**
   * Called when the peer's SETTINGS have arrived.
   *
   * @param suspect whether the peer is suspected to be gone; may be asked on any thread
   */
  OpenConnection onOpened(ConnectionEnds ends, BooleanSupplier suspect);

  /** A listener for one connection. */
  interface OpenConnection {
    /** Called with the user-agent of the first call, if it has one. */
    default void onAgent(String userAgent) {}

    /** Called once, when the connection is closed. */
    void onClosed(CloseReason why);
  }
}
