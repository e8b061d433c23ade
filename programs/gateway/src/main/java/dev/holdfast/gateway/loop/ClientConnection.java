package dev.holdfast.gateway.loop;

import io.netty.channel.Channel;

/** A client connection as its event loop drains it. Confined to that loop. */
public interface ClientConnection {
  Channel channel();

  /**
   * Asks the client to leave, and closes the connection once no call is open.
   *
   * @param why the reason, for the client
   * @param acknowledgeNanos the longest wait for the client's acknowledgement
   */
  void drain(String why, long acknowledgeNanos);

  /** Whether the connection is passed through to an endpoint byte for byte. */
  default boolean isTcpProxied() {
    return false;
  }

  /**
   * Ends calls whose time has passed in a drain.
   *
   * @param streamsToo whether all calls end, not only those with a complete request and no response
   *     headers yet
   */
  void endCalls(boolean streamsToo);
}
