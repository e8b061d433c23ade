package dev.holdfast.streams.grpc;

import dev.holdfast.hooks.StreamSource;
import dev.holdfast.hooks.StreamStatus;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/**
 * The streams of one {@link ServerStreams} or {@link ClientStreams} for the admin service of the
 * process.
 *
 * @param count the number of streams that are not over
 * @param open the streams that are not over
 * @param status the state of one, taken under its lock
 */
record ShownStreams<S>(IntSupplier count, Supplier<List<S>> open, Function<S, StreamStatus> status)
    implements StreamSource {

  @Override
  public int openCount() {
    return count.getAsInt();
  }

  @Override
  public void forEachOpen(Consumer<StreamStatus> reader) {
    open.get().forEach(stream -> reader.accept(status.apply(stream)));
  }

  /** The state of a stream as the hooks have it. */
  static StreamStatus status(SessionView view, boolean server, long unackedMillis) {
    return new StreamStatus(
        server,
        view.id(),
        view.peer(),
        view.principal(),
        view.method(),
        view.state().name(),
        view.attempts(),
        view.lastCause(),
        view.queuedBytes(),
        new StreamStatus.StreamPositions(
            view.sent(), view.acked(), view.processed(), view.duplicates()),
        new StreamStatus.StreamTimes(
            view.age().toMillis(), view.unchanged().toMillis(), unackedMillis));
  }
}
