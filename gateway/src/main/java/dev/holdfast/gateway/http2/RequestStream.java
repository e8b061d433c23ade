package dev.holdfast.gateway.http2;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;

/** What takes the frames of one stream of a client. On its event loop. */
interface RequestStream {
  /** DATA that stays the caller's; how many of its bytes are done with. */
  int onRequestData(ByteBuf data, int bytes, boolean end);

  void onRequestTrailers(Http2Headers trailers);

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
