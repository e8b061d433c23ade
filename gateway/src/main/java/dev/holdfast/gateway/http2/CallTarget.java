package dev.holdfast.gateway.http2;

import io.netty.handler.codec.http2.Http2Headers;

/** Where calls go. Thread-safe; asked on the event loop of each. */
public interface CallTarget {
  /**
   * Begins a call; a grpc-timeout in the headers counts from now.
   *
   * @param web the request that it is made for
   * @param headers with :path and :authority; become the call's
   * @param listener may hear of its end before this returns, of all else later
   */
  OutgoingCall begin(WebExchange web, Http2Headers headers, CallListener listener);
}
