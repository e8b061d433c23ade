package dev.holdfast.gateway.call;

import io.netty.buffer.ByteBuf;

/** The handler of one HTTP request. Confined to its event loop. */
public interface HttpRequestHandler {
  /**
   * Handles a part of the body.
   *
   * @param data stays the caller's
   * @param bytes to be given back to the exchange after use
   * @param end whether this is the last part
   */
  void onData(ByteBuf data, int bytes, boolean end);

  /** The client is gone, or the exchange is complete. */
  void onGone();

  /** There is room for more of the response. */
  void onWritable();

  /** The gateway holds too much for this client; no part of the response waits to be sent. */
  default void onOverload() {}

  /** The gateway drains, and the request's time has passed. */
  void onLeave();
}
