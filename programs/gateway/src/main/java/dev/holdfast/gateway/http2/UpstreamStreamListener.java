package dev.holdfast.gateway.http2;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * The listener for the events of one stream to an upstream, attached to the stream. All methods run
 * on the event loop of the connection.
 */
interface UpstreamStreamListener {
  /** Response headers or trailers arrived. */
  void onResponseHeaders(Http2Headers headers, boolean end);

  /**
   * A DATA frame arrived.
   *
   * @param bytes of the frame that count against the flow-control window, padding included
   * @return the bytes that return to the window at once; the listener returns the others later
   */
  int onResponseData(ByteBuf data, int bytes, boolean end);

  /** RST_STREAM arrived. */
  void onUpstreamReset(long code);

  /**
   * The stream failed in the gateway.
   *
   * @param malformed whether the upstream violated HTTP/2
   */
  void onUpstreamFault(String why, boolean malformed);

  /**
   * The stream is closed; the last event.
   *
   * @param untouched whether the upstream is known not to have processed the request (RFC 9113,
   *     6.8)
   */
  void onUpstreamClosed(UpstreamConnection connection, boolean untouched);
}
