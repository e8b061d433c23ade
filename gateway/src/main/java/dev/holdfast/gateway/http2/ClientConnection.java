package dev.holdfast.gateway.http2;

import io.netty.channel.Channel;

/** A connection that a client opened, as a gateway that closes sees it. On its event loop. */
public interface ClientConnection {
  Channel channel();

  /** Asks the client to leave, and closes once nothing is open. */
  void leave(String why, long acknowledgeNanos);

  /** Whether its bytes go to an endpoint as they are. */
  default boolean isSpliced() {
    return false;
  }

  /** Ends calls whose request is complete and whose answer has not begun, or all of them. */
  void endCalls(boolean streamsToo);
}
