package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.route.RequestHead;
import dev.holdfast.gateway.traffic.CallTrace;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * A request over any version of HTTP, and the way its answer goes. On its event loop only.
 *
 * <p>Who answers before the request ended need not read on: the client is told to stop.
 */
public interface WebExchange extends RequestHead {
  /** The headers with their pseudo-headers, as HTTP/2 has them. */
  Http2Headers headers();

  /** What its calls are made with. */
  ForwardingLoop loop();

  /** Who asks. */
  Client client();

  /** Pays for all that is held for this request and its answer. */
  MemoryAccount memory();

  /** Whether the answer may begin while the request goes on. */
  boolean isDuplex();

  /** The reason for which the request is refused, with its target as it came; "" for none. */
  default String malformed() {
    return "";
  }

  /**
   * Whether a WebSocket is asked for. An answer whose head has status 101 opens it: each message of
   * the client is a part of the body, each part of the answer a message.
   */
  default boolean asksForSocket() {
    return false;
  }

  /** Hears of the call that it is translated to, before that begins. */
  default void onCall(CallTrace trace) {}

  /** As {@link CallListener#onGivenUp}, of the call that it is translated to. */
  default void onGivenUp(boolean attempted) {}

  /** Bytes of the request's body are done with: the client may send as many again. */
  void giveBack(int bytes);

  /** The whole answer. */
  void answer(Http2Headers head, byte[] body);

  /** The head of an answer that goes on. */
  void begin(Http2Headers head);

  /** A part of its body. */
  void write(byte[] body, boolean last);

  /** The last part of its body, with how the call ended where that is told apart. */
  default void end(byte[] body, CallEnd end) {
    write(body, true);
  }

  /** Whether more should be written now; if not, {@link WebHandler#onWritable} tells when. */
  boolean isWritable();

  /** The end of an answer that nobody may take for whole. */
  void breakOff();
}
