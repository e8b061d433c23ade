package dev.holdfast.gateway.http2;

import io.netty.buffer.ByteBuf;

/** What takes the frames of one stream of a client. On its event loop. */
interface RequestStream {
  /** DATA that stays the caller's; how many of its bytes are done with. */
  int onRequestData(ByteBuf data, int bytes, boolean end);

  /** The request ended with trailers, which gRPC has none of: they are dropped. */
  void onRequestTrailers();

  /** The client reset the stream, its connection was lost, or all is done. */
  void onClosed();

  /** The gateway closes and has no time left for it. */
  void onLeave();

  /** Bytes that the gateway holds for it, in both directions. */
  long heldBytes();

  /** It holds too much: it ends, and what it holds is credited before this returns. */
  void onOverload();

  /** Whether all of the request came. */
  boolean isRequestEnded();
}
