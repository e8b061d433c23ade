package dev.holdfast.gateway.json;

import dev.holdfast.gateway.http2.CallEnd;
import dev.holdfast.transcoding.http.RequestRefusedException;
import dev.holdfast.transcoding.http.UnreadableResponseException;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * The codec between HTTP and one call. Turns request bodies into messages, and messages and status
 * into a response. Used by one thread; independent of connections.
 */
abstract class Dialect {
  /** The receiver of request messages. */
  interface Sink {
    /** Receives a protobuf message. The bytes are valid only during the call. */
    void message(byte[] bytes, int offset, int length);
  }

  /** The last part of a streamed response. */
  static final class Ending {
    private final byte[] bytes;
    private final boolean whole;

    Ending(byte[] bytes, boolean whole) {
      this.bytes = bytes;
      this.whole = whole;
    }

    /** The last bytes of the body. */
    byte[] bytes() {
      return bytes;
    }

    /**
     * Whether these bytes complete the response; if not, the connection or stream must be aborted.
     */
    boolean whole() {
      return whole;
    }
  }

  /** The :path of the call. */
  abstract String path();

  /** The content type of the call. */
  String callType() {
    return "application/grpc";
  }

  /** Whether request messages may be compressed, so that a few bytes may inflate to many. */
  boolean isCompressed() {
    return false;
  }

  /**
   * Declares that the whole body is compressed with gzip; false when the dialect can't inflate it.
   */
  boolean inflateBody() {
    return false;
  }

  /** Removes the outer encoding, such as base64, from a part of the body; for {@link #feedOne}. */
  byte[] decode(byte[] bytes) {
    return bytes;
  }

  /**
   * As {@link #feed}, but stops behind the first message that ends in the bytes.
   *
   * @return how many bytes were consumed
   */
  int feedOne(byte[] decoded, int offset, int length, Sink sink) {
    feed(decoded, offset, length, sink);
    return length;
  }

  /** Whether the request is a stream of messages, so that the call starts before the body ends. */
  abstract boolean clientStreams();

  /** Whether the first request message also half-closes. */
  boolean endsWithMessage() {
    return !clientStreams();
  }

  /**
   * Whether the response head is sent before anything of the call is known, so that a failure
   * follows it.
   */
  boolean beginsAtOnce() {
    return false;
  }

  /**
   * Sends messages that don't depend on the body, where the response begins at once; as {@link
   * #feed}.
   */
  void begin(Sink sink) {}

  /** Whether response messages are written before the status is known. */
  abstract boolean serverStreams();

  /**
   * Consumes a part of the body.
   *
   * @throws RequestRefusedException for malformed input
   */
  abstract void feed(byte[] bytes, int offset, int length, Sink sink);

  /** Handles the end of the body; as {@link #feed}. */
  abstract void end(Sink sink);

  /** A response message as it is written to the body. */
  abstract byte[] message(byte[] bytes, int offset, int length) throws UnreadableResponseException;

  /** The head of a streamed response; the first message was rendered before. */
  abstract Http2Headers head();

  /** The end of a streamed response. */
  abstract Ending ending(CallEnd end);

  /**
   * A complete response, of which nothing was sent yet.
   *
   * @param message rendered; null for none
   */
  abstract Answer whole(CallEnd end, byte @Nullable [] message);

  /** Whether {@link #whole} and {@link #ending} carry trailing metadata themselves. */
  boolean hasTrailers() {
    return false;
  }

  /** The response to a malformed request. */
  Answer refused(RequestRefusedException why) {
    return Answer.refused(why);
  }

  /** The bytes of a keepalive within a streamed response; empty where the format has none. */
  byte[] ping() {
    return Answer.NOTHING;
  }
}
