package dev.holdfast.gateway.call;

import dev.holdfast.gateway.route.Route;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.Optional;

/**
 * The destination of calls that are made for a request. Thread-safe; called on the event loop of
 * each call.
 */
public interface CallTarget {
  /**
   * Begins a call; a grpc-timeout in the headers counts from now.
   *
   * @param web the request that the call is made for
   * @param headers with :path and :authority; become the call's
   * @param listener may be told of the call's end before this returns, but of all else only later
   */
  OutgoingCall begin(HttpExchange web, Http2Headers headers, CallListener listener);

  /** The route whose policy lets streams be resumed; empty for none. */
  default Optional<Route> resumable() {
    return Optional.empty();
  }
}
