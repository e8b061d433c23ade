package dev.holdfast.gateway.http2;

import io.netty.handler.codec.http2.Http2Headers;

/** Hears of a call of the gateway's own, on the call's event loop. Must not block. */
public interface CallListener {
  /**
   * The answer begins; not told of an answer that is nothing but its end.
   *
   * @param headers may be those of other answers, too, and are not to be changed
   */
  void onHeaders(Http2Headers headers);

  /** One message that was asked for; the bytes are good until this returns. */
  void onMessage(byte[] bytes, int offset, int length);

  /** The last that is heard. */
  void onEnd(CallEnd end);

  /**
   * The gateway ends the call for the time that its client gave it; told before its end.
   *
   * @param attempted whether it made work for an upstream
   */
  default void onGivenUp(boolean attempted) {}

  /** What was sent left, so that there is room for more; told after the call was not ready. */
  default void onReady() {}
}
