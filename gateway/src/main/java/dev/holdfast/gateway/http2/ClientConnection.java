package dev.holdfast.gateway.http2;

import io.netty.channel.Channel;

/** A connection that a client opened, as a gateway that closes sees it. On its event loop. */
public interface ClientConnection {
  Channel channel();

  /** Asks the client to leave, and closes once nothing is open. */
  void leave(String why, long acknowledgeNanos);

  /** Ends calls whose request is complete, or all of them. */
  void endCalls(boolean streamsToo);
}
