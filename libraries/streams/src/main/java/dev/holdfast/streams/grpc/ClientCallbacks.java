package dev.holdfast.streams.grpc;

import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.grpc.internal.callback.CallbackQueue;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Status;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The callbacks of a client's stream: its listener and its {@link StreamEvents}. They run in the
 * context in which the call was made, one at a time. An exception of a callback ends the call, as
 * in grpc-java. Thread-safe.
 */
final class ClientCallbacks<RespT> {
  private final CallbackQueue queue;
  private final Context context;
  private final StreamEvents events;
  private final Consumer<Status> cancel;

  // Set before the session begins.
  private ClientCall.@Nullable Listener<RespT> listener;

  /**
   * @param cancel ends the call with a status
   */
  ClientCallbacks(
      ClientStreams streams, CallOptions options, Context context, Consumer<Status> cancel) {
    Executor own = options.getExecutor();
    this.queue = new CallbackQueue(own == null ? streams.sessionResources().executor() : own);
    this.context = context;
    StreamEvents ofCall = options.getOption(StreamEvents.KEY);
    this.events = ofCall == StreamEvents.KEY.getDefault() ? streams.events() : ofCall;
    this.cancel = cancel;
  }

  void begin(ClientCall.Listener<RespT> newListener) {
    listener = newListener;
  }

  /** Soon, behind every callback before it. */
  void execute(Runnable callback) {
    queue.execute(callback);
  }

  void call(Consumer<ClientCall.Listener<RespT>> callback) {
    queue.execute(() -> run(callback));
  }

  /**
   * Runs a callback within the current one.
   *
   * @return whether it threw nothing
   */
  boolean run(Consumer<ClientCall.Listener<RespT>> callback) {
    ClientCall.Listener<RespT> to = Objects.requireNonNull(listener);
    return guarded(() -> callback.accept(to));
  }

  void tell(Consumer<StreamEvents> event) {
    queue.execute(() -> runEvent(event));
  }

  /** Runs a callback of the stream's events, guarded like those of the listener. */
  void runEvent(Consumer<StreamEvents> event) {
    guarded(() -> event.accept(events));
  }

  boolean acceptsRestart() {
    return events.acceptsRestart();
  }

  void tellEnd(SessionEnd end) {
    if (end.kind() == SessionEnd.SessionEndKind.MOVED) {
      tell(to -> to.onMoved(end.processedByPeer()));
    } else if (end.kind().isLost()) {
      tell(to -> to.onLost(end));
    }
  }

  private boolean guarded(Runnable callback) {
    Context before = context.attach();
    try {
      callback.run();
      return true;
    } catch (RuntimeException | Error e) {
      cancel.accept(
          Status.CANCELLED.withDescription("the application's listener failed").withCause(e));
      return false;
    } finally {
      context.detach(before);
    }
  }
}
