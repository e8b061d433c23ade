package dev.holdfast.transcoding.http;

import dev.holdfast.transcoding.json.CodecBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a client's stream, from a body that comes in pieces. Where the body is an
 * HttpBody, each piece is a message. For one thread.
 */
public final class RequestStream {
  /** Takes the messages. */
  public interface Sink {
    /** One protobuf message, good until this returns. */
    void message(byte[] bytes, int offset, int length);
  }

  private final HttpCall call;
  private final @Nullable JsonSplitter splitter;
  private final CodecBuffer message = new CodecBuffer();
  private long messages;

  /** Without a splitter pieces are taken as they are. */
  RequestStream(HttpCall call, @Nullable JsonSplitter splitter) {
    this.call = call;
    this.splitter = splitter;
  }

  /**
   * Takes the next piece of the body.
   *
   * @throws RequestRefusedException as {@link HttpCall#request} and {@link JsonSplitter#feed}; what
   *     came before it has been handed out
   */
  public void feed(byte[] chunk, int offset, int length, Sink sink) {
    if (splitter != null) {
      splitter.feed(chunk, offset, length, (bytes, at, count) -> hand(bytes, at, count, sink));
    } else if (length > 0) {
      hand(chunk, offset, length, sink);
    }
  }

  /**
   * Ends the body. A method whose messages have no body gets the one that the URL is.
   *
   * @throws RequestRefusedException as {@link #feed}
   */
  public void end(Sink sink) {
    boolean noBody = call.binding().bodyKind() == HttpBinding.BodyKind.NONE;
    if (splitter != null && !noBody) {
      splitter.end((bytes, at, count) -> hand(bytes, at, count, sink));
    }
    if (messages == 0 && (noBody || splitter == null)) {
      hand(new byte[0], 0, 0, sink);
    }
  }

  /** Messages that were handed out. */
  public long messages() {
    return messages;
  }

  private void hand(byte[] body, int offset, int length, Sink sink) {
    call.request(body, offset, length, message.reset());
    messages++;
    sink.message(message.array(), 0, message.size());
  }
}
