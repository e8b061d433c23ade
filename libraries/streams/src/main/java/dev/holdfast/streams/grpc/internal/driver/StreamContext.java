package dev.holdfast.streams.grpc.internal.driver;

import dev.holdfast.streams.wire.SessionId;
import io.grpc.Context;
import org.jspecify.annotations.Nullable;

/**
 * The values that the handler of a session can read in the call's {@link Context}: its position and
 * its cursor. One for a session, which moves with its messages, so that a message costs no context
 * of its own. Thread-safe.
 */
public final class StreamContext {
  /** The taker of a cursor that a handler marks. */
  public interface CursorSink {
    void mark(byte[] cursor);
  }

  private static final Context.Key<StreamContext> KEY = Context.key("holdfast-stream");

  private final SessionId session;
  private final CursorSink sink;
  private volatile long number;
  private volatile long sentBefore;
  private volatile byte @Nullable [] resumedFrom;

  public StreamContext(SessionId session, CursorSink sink) {
    this.session = session;
    this.sink = sink;
  }

  /** The value of the callback on this thread; null in a call without a session. */
  public static @Nullable StreamContext current() {
    return KEY.get();
  }

  public Context in(Context context) {
    return context.withValue(KEY, this);
  }

  public SessionId session() {
    return session;
  }

  /**
   * The handler starts.
   *
   * @param processed the last position that an earlier instance has processed
   * @param sent the messages that handlers of earlier instances have sent
   * @param cursor the one that such a handler marked last; null for none
   */
  public void start(long processed, long sent, byte @Nullable [] cursor) {
    number = processed;
    sentBefore = sent;
    resumedFrom = cursor;
  }

  /** The position of the message that the handler is given. */
  public long number() {
    return number;
  }

  public void moveTo(long newNumber) {
    number = newNumber;
  }

  public long sentBefore() {
    return sentBefore;
  }

  public byte @Nullable [] resumedFrom() {
    return resumedFrom;
  }

  public void mark(byte[] cursor) {
    sink.mark(cursor);
  }
}
