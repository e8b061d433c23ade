package dev.holdfast.streams.grpc;

import dev.holdfast.streams.wire.SessionId;
import io.grpc.Context;
import org.jspecify.annotations.Nullable;

/**
 * What the handler of a session can learn of it in the call's {@link Context}, by {@link
 * StreamPosition} and {@link StreamCursor}. One for a session, which moves with its messages, so
 * that a message costs no context of its own. Thread-safe.
 */
final class StreamContext {
  private static final Context.Key<StreamContext> KEY = Context.key("holdfast-stream");

  private final SessionId session;
  private final ServerStream<?, ?> stream;
  private volatile long number;
  private volatile long sentBefore;
  private volatile byte @Nullable [] resumedFrom;

  StreamContext(SessionId session, ServerStream<?, ?> stream) {
    this.session = session;
    this.stream = stream;
  }

  /** That of the callback of this thread; null in a call without a session. */
  static @Nullable StreamContext current() {
    return KEY.get();
  }

  Context in(Context context) {
    return context.withValue(KEY, this);
  }

  SessionId session() {
    return session;
  }

  /**
   * The handler starts.
   *
   * @param processed the last position that an earlier instance has processed
   * @param sent the messages that handlers of earlier instances have sent
   * @param cursor the one that such a handler marked last; null for none
   */
  void start(long processed, long sent, byte @Nullable [] cursor) {
    number = processed;
    sentBefore = sent;
    resumedFrom = cursor;
  }

  /** The position of the message that the handler is given. */
  long number() {
    return number;
  }

  void moveTo(long newNumber) {
    number = newNumber;
  }

  long sentBefore() {
    return sentBefore;
  }

  byte @Nullable [] resumedFrom() {
    return resumedFrom;
  }

  void mark(byte[] cursor) {
    stream.mark(cursor);
  }
}
