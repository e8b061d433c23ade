package dev.holdfast.streams.grpc;

import dev.holdfast.streams.grpc.internal.driver.StreamContext;
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
  /**
   * The position of the message that the handler is given now. While the handler is started, the
   * position of the last message that an earlier instance has processed (0: none). Call on the
   * thread of the callback, before it returns. Empty in a call without a session.
   */
  public static Optional<StreamPosition> current() {
    StreamContext stream = StreamContext.current();
    return stream == null
        ? Optional.empty()
        : Optional.of(new StreamPosition(stream.session().toString(), stream.number()));
  }

  /**
   * The number of messages that handlers of earlier instances have sent on this stream, and that
   * its client gets. With level durable a server-streaming handler is given its request again on
   * another instance; it goes on behind so many messages. Call on the thread of the callback,
   * before it returns. 0 in a new session, and in a call without one.
   */
  public static long sentBefore() {
    StreamContext stream = StreamContext.current();
    return stream == null ? 0 : stream.sentBefore();
  }
}
