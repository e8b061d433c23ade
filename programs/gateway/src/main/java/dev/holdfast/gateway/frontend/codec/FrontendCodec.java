package dev.holdfast.gateway.frontend.codec;

import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.gateway.resume.ResumePoint;
import dev.holdfast.transcoding.http.UnreadableResponseException;
import dev.holdfast.transcoding.schema.StreamingType;
import dev.holdfast.transcoding.status.RequestRefusedException;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The codec between HTTP and one call. Turns request bodies into messages, and messages and status
 * into a response. Used by one thread; independent of connections.
 */
public abstract class FrontendCodec {
  /** The receiver of request messages. */
  public interface RequestMessageSink {
    /** Receives a protobuf message. The bytes are valid only during the call. */
    void message(byte[] bytes, int offset, int length);
  }

  /** The last part of a streamed response. */
  public static final class ResponseEnd {
    private final byte[] bytes;
    private final boolean whole;

    public ResponseEnd(byte[] bytes, boolean whole) {
      this.bytes = bytes;
      this.whole = whole;
    }

    /** The last bytes of the body. */
    public byte[] bytes() {
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
  public abstract String path();

  /** The content type of the call. */
  public String callType() {
    return "application/grpc";
  }

  /** Whether request messages may be compressed, so that a few bytes may inflate to many. */
  protected boolean isCompressed() {
    return false;
  }

  /**
   * Declares that the whole body is compressed with gzip; false when the dialect can't inflate it.
   */
  public boolean inflateBody() {
    return false;
  }

  /** Removes the outer encoding, such as base64, from a part of the body; for {@link #feedOne}. */
  protected byte[] decode(byte[] bytes) {
    return bytes;
  }

  /**
   * As {@link #feed}, but stops behind the first message that ends in the bytes.
   *
   * @return how many bytes were consumed
   */
  protected int feedOne(
      byte[] decoded, int offset, int length, RequestMessageSink requestMessageSink) {
    feed(decoded, offset, length, requestMessageSink);
    return length;
  }

  /** Whether the request is a stream of messages, so that the call starts before the body ends. */
  protected abstract boolean clientStreams();

  /** Whether the first request message also half-closes. */
  protected boolean endsWithMessage() {
    return !clientStreams();
  }

  /**
   * Whether the response head is sent before anything of the call is known, so that a failure
   * follows it.
   */
  protected boolean beginsAtOnce() {
    return false;
  }

  /**
   * Sends messages that don't depend on the body, where the response begins at once; as {@link
   * #feed}.
   */
  protected void begin(RequestMessageSink requestMessageSink) {}

  /** Whether response messages are written before the status is known. */
  protected abstract boolean serverStreams();

  /**
   * Consumes a part of the body.
   *
   * @throws RequestRefusedException for malformed input
   */
  protected abstract void feed(
      byte[] bytes, int offset, int length, RequestMessageSink requestMessageSink);

  /** Handles the end of the body; as {@link #feed}. */
  protected abstract void end(RequestMessageSink requestMessageSink);

  /** A response message as it is written to the body. */
  protected abstract byte[] message(byte[] bytes, int offset, int length)
      throws UnreadableResponseException;

  /** The head of a streamed response; the first message was rendered before. */
  protected abstract Http2Headers head();

  /** The end of a streamed response. */
  protected abstract ResponseEnd ending(CallEnd end);

  /**
   * A complete response, of which nothing was sent yet.
   *
   * @param message rendered; null for none
   */
  protected abstract FrontendResponse whole(CallEnd end, byte @Nullable [] message);

  /** Whether {@link #whole} and {@link #ending} carry trailing metadata themselves. */
  protected boolean hasTrailers() {
    return false;
  }

  /** The response to a malformed request. */
  public FrontendResponse refused(RequestRefusedException why) {
    return FrontendResponse.refused(why);
  }

  /**
   * Writes positions into the response, so that a client can go on from there after a cut.
   *
   * @param point moves with each message
   * @return false where the format or the method has no positions
   */
  public boolean resumeAt(ResumePoint point) {
    return false;
  }

  /** The kind of the called method; empty where no schema tells it. */
  public Optional<StreamingType> methodType() {
    return Optional.empty();
  }

  /** The bytes that tell a client where it goes on; empty where the format has none. */
  protected byte[] opening() {
    return FrontendResponse.NOTHING;
  }

  /** The bytes of a keepalive within a streamed response; empty where the format has none. */
  protected byte[] ping() {
    return FrontendResponse.NOTHING;
  }
}
