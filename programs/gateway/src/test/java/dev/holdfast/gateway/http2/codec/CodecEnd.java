package dev.holdfast.gateway.http2.codec;

import io.netty.buffer.ByteBuf;

/** One end of a connection in a test, with our codec or with Netty's. */
interface CodecEnd {
  /** Takes bytes of the peer. */
  void feed(ByteBuf bytes) throws Exception;

  /** What was passed on and what was sent, by stream. */
  String story();

  /** The words of the GOAWAY that was sent, or those with which Netty's reset a stream last. */
  String reason();

  /** Whether GOAWAY was sent. */
  boolean isGone();

  /** Makes a request; false where that is not possible, as always for a server. */
  default boolean request(int bytes) {
    return false;
  }

  void close();
}
