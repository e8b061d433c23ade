package dev.holdfast.gateway.call;

import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.gateway.headers.ClientIdentity;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.route.RequestHead;
import dev.holdfast.gateway.traffic.CallRecord;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * A request over any version of HTTP, and the writer of its response. Confined to its event loop.
 *
 * <p>If the response ends before the request, the rest of the request is not read: the client is
 * asked to stop.
 */
public interface HttpExchange extends RequestHead {
  /** The headers with HTTP/2 pseudo-headers. */
  Http2Headers headers();

  /** The event loop's forwarding context. */
  ForwardingLoop loop();

  /** The identity of the client. */
  ClientIdentity clientIdentity();

  /** The account that is charged for bytes of this request and its response. */
  MemoryAccount memory();

  /** Whether the response may begin before the request has ended. */
  boolean isDuplex();

  /** The reason why the request is refused, with its original target; "" for none. */
  default String malformed() {
    return "";
  }

  /**
   * Whether the request asks for a WebSocket, which a response with status 101 opens. Then each
   * message of the client is a part of the body, and each part of the response is a message.
   */
  default boolean isWebSocketUpgrade() {
    return false;
  }

  /** Reports the call that the request is translated to, before the call begins. */
  default void onCall(CallRecord trace) {}

  /** The same as {@link CallListener#onGivenUp}, for the call that the request is translated to. */
  default void onGivenUp(boolean attempted) {}

  /** Gives back bytes of the request's body: the client may send as many again. */
  void giveBack(int bytes);

  /** Sends a complete response: its head and body. */
  void answer(Http2Headers head, byte[] body);

  /** Sends the head of a response whose body follows. */
  void begin(Http2Headers head);

  /** Sends a part of the response's body. */
  void write(byte[] body, boolean last);

  /**
   * Sends a part of the response that is no message, where each part is one: as text, whatever
   * messages are.
   */
  default void writeText(byte[] text) {
    write(text, false);
  }

  /**
   * Sends the last part of the response's body, with the end of the call for protocols that carry
   * it.
   */
  default void end(byte[] body, CallEnd end) {
    write(body, true);
  }

  /** Whether more should be written now; if not, {@link HttpRequestHandler#onWritable} follows. */
  boolean isWritable();

  /** Aborts the response, so that the client does not take it for complete. */
  void abort();
}
