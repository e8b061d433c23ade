package dev.holdfast.gateway.call;

import dev.holdfast.gateway.headers.CallEnd;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * The listener of a call that the gateway makes itself. Called on the call's event loop; must not
 * block.
 */
public interface CallListener {
  /**
   * The response headers; not called for a trailers-only response.
   *
   * @param headers may be shared with other responses and must not be changed
   */
  void onHeaders(Http2Headers headers);

  /** A message that was requested; the bytes are valid until this returns. */
  void onMessage(byte[] bytes, int offset, int length);

  /** The end of the call; the last event. */
  void onEnd(CallEnd end);

  /**
   * The gateway ends the call because its client's timeout passed; called before {@link #onEnd}.
   *
   * @param attempted whether an attempt was made, so that the call cost an upstream work
   */
  default void onGivenUp(boolean attempted) {}

  /**
   * The listener is attached to a call that may have begun earlier, and gets its messages from a
   * known position on; only for calls that can be resumed.
   */
  default void onAttached() {}

  /**
   * The call reaches an endpoint: its headers are written to a connection. Called again for each
   * attempt.
   *
   * @param address of the endpoint
   */
  default void onAttempt(String address) {}

  /** The call can take more messages again; called only after it was not ready. */
  default void onReady() {}
}
