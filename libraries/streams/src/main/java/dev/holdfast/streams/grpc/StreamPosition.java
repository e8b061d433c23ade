package dev.holdfast.streams.grpc;

import dev.holdfast.streams.wire.SessionId;
import io.grpc.Context;
import java.util.Optional;

/**
 * The name of one message of a stream: the same one whenever it is handed to a handler, and no
 * other message's.
 *
 * <p>With level durable a message may be handed over once more after its instance was killed, to a
 * handler elsewhere. A handler that writes this into its database, in the transaction that has the
 * message's effect, and leaves out what is there already, has each effect exactly once.
 *
 * @param session 32 hexadecimal digits; a stream that was lost goes on as another session
 * @param number of the message within its session, ascending; the first one has 1
 */
public record StreamPosition(String session, long number) {
  private static final Context.Key<Cursor> KEY = Context.key("holdfast-stream-position");

  /**
   * The position of the message that the handler is given now. While the handler is started, the
   * position of the last message that an earlier instance has processed (0: none). Call on the
   * thread of the callback, before it returns. Empty in a call without a session.
   */
  public static Optional<StreamPosition> current() {
    Cursor cursor = KEY.get();
    return cursor == null
        ? Optional.empty()
        : Optional.of(new StreamPosition(cursor.session.toString(), cursor.number));
  }

  /**
   * The number of messages that handlers of earlier instances have sent on this stream, and that
   * its client gets. With level durable a server-streaming handler is given its request again on
   * another instance; it goes on behind so many messages. Call on the thread of the callback,
   * before it returns. 0 in a new session, and in a call without one.
   */
  public static long sentBefore() {
    Cursor cursor = KEY.get();
    return cursor == null ? 0 : cursor.sentBefore;
  }

  /** Moves with a session, so that a message costs no context of its own. */
  static final class Cursor {
    private final SessionId session;
    private volatile long number;
    private volatile long sentBefore;

    Cursor(SessionId session) {
      this.session = session;
    }

    Context in(Context context) {
      return context.withValue(KEY, this);
    }

    void sentBefore(long messages) {
      sentBefore = messages;
    }

    long number() {
      return number;
    }

    void moveTo(long newNumber) {
      number = newNumber;
    }
  }
}
