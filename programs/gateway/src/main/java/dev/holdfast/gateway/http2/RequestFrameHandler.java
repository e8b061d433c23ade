package dev.holdfast.gateway.http2;

import io.netty.buffer.ByteBuf;

/** The handler of one client stream's frames. Confined to its event loop. */
interface RequestFrameHandler {
  /** The start of the stream. */
  OpenedStream opened();

  /**
   * Handles DATA, which stays the caller's.
   *
   * @return the bytes whose window may be given back at once
   */
  int onRequestData(ByteBuf data, int bytes, boolean end);

  /** The request ended with trailers, which are dropped: gRPC has none. */
  void onRequestTrailers();

  /** The client reset the stream, its connection was lost, or the call is complete. */
  void onClosed();

  /** The gateway drains, and the call's time has passed. */
  void onLeave();

  /** The bytes that the gateway holds for this stream, in both directions. */
  long heldBytes();

  /** The stream holds too many bytes: ends it and credits its bytes before this returns. */
  void onOverload();

  /** Whether the request has ended. */
  boolean isRequestEnded();
}
