package dev.holdfast.gateway.http2;

import io.netty.buffer.ByteBuf;

/** What takes one request over HTTP. On its event loop. */
public interface WebHandler {
  /**
   * A part of the body.
   *
   * @param data stays the caller's
   * @param bytes to be given back to the exchange when they are done with
   * @param end whether it was the last
   */
  void onData(ByteBuf data, int bytes, boolean end);

  /** The client has no more interest, or all is done. */
  void onGone();

  /** There is room for more of the answer. */
  void onWritable();

  /** The gateway holds too much for its client; nothing of the answer waits to be sent. */
  default void onOverload() {}

  /** The gateway closes and has no time left for it. */
  void onLeave();
}
