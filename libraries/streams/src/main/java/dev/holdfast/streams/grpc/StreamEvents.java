package dev.holdfast.streams.grpc;

import dev.holdfast.streams.SessionEnd;
import io.grpc.CallOptions;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * A listener for the events of a client stream besides its messages. Called on the thread of the
 * stream's own callbacks, in order with them; may block as they may.
 *
 * <p>Set for one call by {@code stub.withOption(StreamEvents.KEY, events)}, or for a whole channel
 * by {@link ClientStreams.Builder#events}.
 */
public interface StreamEvents {
  /** The call option that carries the listener. */
  CallOptions.Key<StreamEvents> KEY =
      CallOptions.Key.createWithDefault("holdfast-stream-events", new StreamEvents() {});

  /**
   * Level reopen, at a server without Holdfast: a cut stream was opened again. The server knows
   * nothing of the old one, so the application sends its first messages anew.
   *
   * <p>A half-close that the application had said is said again after this, and what others send
   * between the cut and this call is dropped.
   *
   * @param dropped messages that were sent and never written to any connection
   */
  default void onReopened(long dropped) {}

  /**
   * As {@link #onReopened(long)}, which it calls unless overridden, for streams that may have been
   * half-closed: a stub's observer takes nothing after its {@code onCompleted}.
   *
   * @param first sends messages of the method's request type on the new stream, until this returns
   */
  default void onReopened(long dropped, Consumer<Object> first) {
    onReopened(dropped);
  }

  /**
   * Whether the application takes a server-streaming stream from its beginning again when its
   * instance leaves and the handler has no {@link StreamCursor}. Asked when the call starts, for
   * methods that declare {@code idempotency_level = NO_SIDE_EFFECTS}: another instance calls its
   * handler with the same request, and {@link #onRestarted} precedes the messages of that handler.
   * False by default: {@link #onMoved}. A stream that has had no message yet is always restarted.
   */
  default boolean acceptsRestart() {
    return false;
  }

  /**
   * A handler of another instance was called with the same request. The messages that follow are
   * all of that handler's, so the application begins again with what it made of earlier ones.
   *
   * @param messages how many messages of earlier handlers came
   */
  default void onRestarted(long messages) {}

  /**
   * The stream has had no connection to its server for two seconds, and goes on waiting: its
   * instance was killed perhaps, or the network is away. Once an outage; {@link #onResumed} or the
   * end follows. Messages are taken as ever, until the buffer is full.
   *
   * @param left the most time until the stream ends with {@link #onLost}, if nothing changes
   * @param cause of the last attempt, for a log
   */
  default void onWaiting(Duration left, String cause) {}

  /** Called after {@link #onWaiting}, when the stream has a connection again. */
  default void onResumed() {}

  /**
   * The server's instance leaves, and both sides have agreed on the numbers. The call ends with
   * UNAVAILABLE right after; a successor begins after this message.
   *
   * @param lastProcessed how many messages of this stream the server has processed
   */
  default void onMoved(long lastProcessed) {}

  /**
   * SESSION_LOST, once: the session could not be kept. The call ends right after, with a {@link
   * SessionEndedException} as its cause.
   *
   * @param end the reason, and the last numbers known processed
   */
  default void onLost(SessionEnd end) {}
}
