package dev.holdfast.gateway.call;

import dev.holdfast.gateway.cluster.EndpointPreference;
import dev.holdfast.gateway.headers.ClientIdentity;
import dev.holdfast.gateway.headers.LocalReplyStatus;
import dev.holdfast.gateway.http2.codec.CallStream;
import dev.holdfast.gateway.http2.codec.WriteListener;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.upstream.UpstreamConnection;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * The client's side of a {@link RoutedCall}: the account of its bytes, and the way its response
 * goes. Called on the event loop of the call alone.
 */
public interface Downstream {
  /** The event loop's forwarding context. */
  ForwardingLoop loop();

  /** The identity of the client. */
  ClientIdentity clientIdentity();

  /** The account that is charged for bytes of the request and the response. */
  MemoryAccount memory();

  /** The endpoints that the call prefers or avoids. */
  default EndpointPreference preference() {
    return EndpointPreference.NONE;
  }

  /**
   * The headers of an attempt are written to a connection.
   *
   * @param address of the endpoint
   */
  default void onAttempt(String address) {}

  /** Charges bytes of the request that wait for the upstream. */
  void keep(int bytes);

  /** Releases bytes of the request that were sent upstream or dropped. */
  void giveBack(int bytes);

  /** The receipt for DATA of the request: on its write, its bytes are given back. */
  WriteListener windowCredit(int bytes);

  /** Sends the response headers, which do not end the response. */
  void begin(Http2Headers headers);

  /**
   * Sends DATA that does not end the response.
   *
   * @param data stays the caller's
   * @param bytes that the upstream's window gets back once the DATA is written
   */
  void pass(ByteBuf data, UpstreamConnection from, CallStream stream, int bytes);

  /** Sends the last DATA of a response; the data stays the caller's. */
  void endWith(ByteBuf data, UpstreamConnection from, CallStream stream, int bytes);

  /** Sends the trailers of a response, or its only HEADERS. */
  void endWith(Http2Headers trailers);

  /**
   * Ends the call with a local reply.
   *
   * @param began whether response headers were sent already
   */
  void endWith(LocalReplyStatus status, String message, boolean began);

  /** Ends a call of which no attempt was processed, and which has no attempt left. */
  void endRefused();

  /**
   * The gateway ends the call because of what its client asked for: its deadline, or a request
   * without a route.
   *
   * @param attempted whether an attempt was made, so that the call cost an upstream work
   */
  void onGivenUp(boolean attempted);
}
