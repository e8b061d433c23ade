package dev.holdfast.gateway.json;

import dev.holdfast.gateway.http2.CallEnd;
import dev.holdfast.transcoding.http.RequestRefusedException;
import dev.holdfast.transcoding.http.UnreadableResponseException;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * How one call is written over HTTP: bodies become messages, messages and the status become the
 * answer. For one call and one thread; knows nothing of connections.
 */
abstract class Dialect {
  /** Takes the messages of a request. */
  interface Sink {
    /** One protobuf message, good until this returns. */
    void message(byte[] bytes, int offset, int length);
  }

  /** The end of an answer that has begun. */
  static final class Ending {
    private final byte[] bytes;
    private final boolean whole;

    Ending(byte[] bytes, boolean whole) {
      this.bytes = bytes;
      this.whole = whole;
    }

    /** The last of its body. */
    byte[] bytes() {
      return bytes;
    }

    /** Whether it is complete with them; if not, it must be broken off. */
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

  /** Whether messages of the request may be compressed, so that a few bytes may become many. */
  boolean isCompressed() {
    return false;
  }

  /** Takes the body as one that is compressed with gzip as a whole; whether it can. */
  boolean inflateBody() {
    return false;
  }

  /** The bytes of a part of the body without what is around all of it; for {@link #feedOne}. */
  byte[] decode(byte[] bytes) {
    return bytes;
  }

  /**
   * As {@link #feed}, but takes nothing behind the first message that ends in it.
   *
   * @return how many bytes were taken
   */
  int feedOne(byte[] decoded, int offset, int length, Sink sink) {
    feed(decoded, offset, length, sink);
    return length;
  }

  /** Whether the request is more than one message, so that the call begins before its end. */
  abstract boolean clientStreams();

  /** Whether a message of the request is its last. */
  boolean endsWithMessage() {
    return !clientStreams();
  }

  /** Whether the head of the answer waits for nothing, so that a failure comes after it. */
  boolean beginsAtOnce() {
    return false;
  }

  /** What is sent before anything came, where the answer begins at once; as {@link #feed}. */
  void begin(Sink sink) {}

  /** Whether messages are answered before the status is known. */
  abstract boolean serverStreams();

  /**
   * A part of the body.
   *
   * @throws RequestRefusedException for what is not understood
   */
  abstract void feed(byte[] bytes, int offset, int length, Sink sink);

  /** Its end; as {@link #feed}. */
  abstract void end(Sink sink);

  /** One message of the answer, as it stands in the body. */
  abstract byte[] message(byte[] bytes, int offset, int length) throws UnreadableResponseException;

  /** The head of an answer that goes on; the first message was rendered. */
  abstract Http2Headers head();

  /** The end of one that has begun. */
  abstract Ending ending(CallEnd end);

  /**
   * An answer of which nothing was sent yet.
   *
   * @param message rendered; null for none
   */
  abstract Answer whole(CallEnd end, byte @Nullable [] message);

  /** Whether {@link #whole} and {@link #ending} say trailing metadata in a place of their own. */
  boolean hasTrailers() {
    return false;
  }

  /** The answer to a request that is not understood. */
  Answer refused(RequestRefusedException why) {
    return Answer.refused(why);
  }

  /** Says nothing, but keeps the way open; empty where nothing can be said. */
  byte[] ping() {
    return Answer.NOTHING;
  }
}
