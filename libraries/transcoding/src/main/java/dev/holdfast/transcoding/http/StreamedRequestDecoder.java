package dev.holdfast.transcoding.http;

import dev.holdfast.transcoding.json.CodecBuffer;
import dev.holdfast.transcoding.status.RequestRefusedException;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a streamed request body that arrives in pieces. If the body is an HttpBody, each
 * piece is a message. Not thread-safe.
 */
public final class StreamedRequestDecoder {
  /** The receiver of protobuf messages. */
  public interface RequestMessageHandler {
    /** Receives a protobuf message. The bytes are valid only during the call. */
    void message(byte[] bytes, int offset, int length);
  }

  private final HttpCall call;
  private final @Nullable JsonSplitter splitter;
  private final CodecBuffer message = new CodecBuffer();
  private long messages;

  /** A stream; without a splitter each piece is one message. */
  StreamedRequestDecoder(HttpCall call, @Nullable JsonSplitter splitter) {
    this.call = call;
    this.splitter = splitter;
  }

  /**
   * Consumes the next piece of the body.
   *
   * @throws RequestRefusedException as {@link HttpCall#request} and {@link JsonSplitter#feed}; the
   *     messages before the problem were passed on
   */
  public void feed(
      byte[] chunk, int offset, int length, RequestMessageHandler requestMessageHandler) {
    if (splitter != null) {
      splitter.feed(
          chunk,
          offset,
          length,
          (bytes, at, count) -> hand(bytes, at, count, requestMessageHandler));
    } else if (length > 0) {
      hand(chunk, offset, length, requestMessageHandler);
    }
  }

  /**
   * Ends the body. A method without a body gets one message from path and query.
   *
   * @throws RequestRefusedException as {@link #feed}
   */
  public void end(RequestMessageHandler requestMessageHandler) {
    boolean noBody = call.binding().bodyKind() == HttpBinding.BodyKind.NONE;
    if (splitter != null && !noBody) {
      splitter.end((bytes, at, count) -> hand(bytes, at, count, requestMessageHandler));
    }
    if (messages == 0 && (noBody || splitter == null)) {
      hand(new byte[0], 0, 0, requestMessageHandler);
    }
  }

  /** The number of messages that were passed on. */
  public long messages() {
    return messages;
  }

  private void hand(
      byte[] body, int offset, int length, RequestMessageHandler requestMessageHandler) {
    call.request(body, offset, length, message.reset());
    messages++;
    requestMessageHandler.message(message.array(), 0, message.size());
  }
}
