package dev.holdfast.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * The listener for the events of one stream to an upstream, attached to the stream. All methods run
 * on the event loop of the connection.
 */
public interface UpstreamStreamListener {
  /** Called when response headers or trailers arrive. */
  void onResponseHeaders(Http2Headers headers, boolean end);

  /**
   * Called when a DATA frame arrives.
   *
   * @param bytes of the frame that count against the flow-control window, padding included
   * @return the bytes that return to the window at once; the listener returns the others later
   */
  int onResponseData(ByteBuf data, int bytes, boolean end);

  /** Called when the upstream resets the stream (RST_STREAM). */
  void onUpstreamReset(long code);

  /**
   * Called when the stream fails in the gateway.
   *
   * @param malformed whether the upstream violated HTTP/2
   */
  void onUpstreamFault(String why, boolean malformed);

  /**
   * Called when the stream is closed; the last event.
   *
   * @param untouched whether the upstream is known not to have processed the request (RFC 9113,
   *     6.8)
   */
  void onUpstreamClosed(UpstreamConnection connection, boolean untouched);
}
