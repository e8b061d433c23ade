package dev.holdfast.gateway.traffic;

import dev.holdfast.core.CloseReason;
import java.net.SocketAddress;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A listener for the connections of a gateway: those that clients opened, once their protocol is
 * known, and those of HTTP/2 that it opened to endpoints. Called on event loops, so it must not
 * block.
 */
@FunctionalInterface
public interface ConnectionListener {
  /** A listener that ignores all connections. */
  ConnectionListener NONE = (ends, suspect) -> why -> {};

  /**
   * The two ends of a connection.
   *
   * @param protocol at the begin; a connection of HTTP/1.1 may become a WebSocket
   * @param cluster the cluster of the endpoint; "" for a connection that a client opened
   * @param peer the client, as a PROXY header names it, or the endpoint
   * @param local the address of the gateway
   */
  record ConnectionEnds(
      ConnectionProtocol protocol,
      String cluster,
      @Nullable SocketAddress peer,
      @Nullable SocketAddress local) {}

  /**
   * Called when the protocol of a client is known, with HTTP/2 when the peer's SETTINGS have
   * arrived.
   *
   * @param suspect whether the peer is suspected to be gone; may be asked on any thread
   */
  OpenConnection onOpened(ConnectionEnds ends, BooleanSupplier suspect);

  /** A listener for one connection. */
  interface OpenConnection {
    /** Called with the user-agent of the first call, if it has one. */
    default void onAgent(String userAgent) {}

    /** Called when the connection is upgraded from HTTP/1.1. */
    default void onWebSocket() {}

    /** Called before the end with what kernel and socket say of it, for people. */
    default void onEvidence(String evidence) {}

    /** Called once, when the connection is closed. */
    void onClosed(CloseReason why);
  }
}
