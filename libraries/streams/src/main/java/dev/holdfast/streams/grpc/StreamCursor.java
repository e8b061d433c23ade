package dev.holdfast.streams.grpc;

import dev.holdfast.streams.grpc.internal.driver.StreamContext;
import dev.holdfast.streams.wire.SessionHandover;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The place in a stream from which a handler on another instance can go on, in the application's
 * own bytes. With cursors a stream survives a deploy without a store.
 *
 * <pre>{@code
 * StreamCursor cursor = StreamCursor.current();
 * long next = cursor.resumedFrom().map(Feed::decode).orElse(0L);
 * feed.from(next, event -> {
 *   observer.onNext(event);
 *   cursor.mark(Feed.encode(event.number() + 1));
 * });
 * }</pre>
 *
 * <p>When its instance leaves, or the stream is to move ({@link ServerStreams.Builder#rebalance()},
 * {@link ServerStreams.Builder#maxStreamAge}), a stream whose handler has marked a cursor behind
 * its last message is handed over: the handler is cancelled, and a handler of another instance is
 * called with the cursor. The client's application sees nothing. A server-streaming handler gets
 * its request again; other handlers go on with the first message of the client that the cursor does
 * not cover. All instances need the same {@code tokenKey}.
 *
 * <p>Cursors are authenticated and travel by the client, which can read them: nothing secret
 * belongs into one. Without a session, with level durable, and with a client of an earlier version
 * a mark has no effect. Thread-safe.
 */
public final class StreamCursor {
  /** The most bytes of a cursor. */
  public static final int LARGEST_BYTES = SessionHandover.MAX_CURSOR_BYTES;

  private static final StreamCursor NONE = new StreamCursor(null);

  private final @Nullable StreamContext stream;

  private StreamCursor(@Nullable StreamContext stream) {
    this.stream = stream;
  }

  /**
   * The cursor of the stream whose handler is called now. Call on the thread of the callback; the
   * result may be used on any thread. In a call without a session, one that ignores marks.
   */
  public static StreamCursor current() {
    StreamContext stream = StreamContext.current();
    return stream == null ? NONE : new StreamCursor(stream);
  }

  /**
   * The cursor that a handler of an earlier instance marked last. Empty in a new stream, which is
   * to be begun from the beginning.
   */
  public Optional<byte[]> resumedFrom() {
    byte[] bytes = stream == null ? null : stream.resumedFrom();
    return bytes == null ? Optional.empty() : Optional.of(bytes.clone());
  }

  /**
   * Says that a handler elsewhere that is given these bytes goes on behind everything that this
   * stream has sent so far. Of a bidirectional or client-streaming method it also covers the
   * messages of the client that were processed, and in a callback the message of that callback.
   *
   * <p>Cheap: the last cursor is kept, and sent only when the stream is handed over. Mark one after
   * each message, as the stream can be handed over only while nothing follows the last cursor.
   *
   * @param cursor copied; may be empty
   * @throws IllegalArgumentException when it is longer than {@link #LARGEST_BYTES}
   */
  public void mark(byte[] cursor) {
    if (cursor.length > LARGEST_BYTES) {
      throw new IllegalArgumentException(
          "cursor: %d bytes (expected: <= %d)".formatted(cursor.length, LARGEST_BYTES));
    }
    if (stream != null) {
      stream.mark(cursor);
    }
  }
}
