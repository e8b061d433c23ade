package dev.holdfast.streams.grpc;

import dev.holdfast.hooks.StreamSource;
import dev.holdfast.hooks.StreamStatus;
import dev.holdfast.streams.session.StreamSession;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * The streams of one {@link ServerStreams} or {@link ClientStreams} for the admin service of the
 * process.
 *
 * @param count the number of streams that are not over
 * @param open the streams that are not over
 * @param status the state of one, taken under its lock
 * @param prefetch reads what {@code status} will need, without the lock, and returns some number of
 *     it
 */
record ShownStreams<S>(
    IntSupplier count,
    Supplier<List<S>> open,
    Function<S, StreamStatus> status,
    ToLongFunction<S> prefetch)
    implements StreamSource {
  /**
   * Streams whose memory is read together before one of them is locked. Memory is the cost of
   * reading 100,000 streams, and a lock lets no later read begin: so it halves the time.
   */
  private static final int BLOCK = 32;

  @Override
  public int openCount() {
    return count.getAsInt();
  }

  @Override
  public void forEachOpen(Consumer<StreamStatus> reader) {
    // Used somewhere, so that the compiler leaves the reads in.
    if (readAll(reader) == Long.MIN_VALUE) {
      Thread.onSpinWait();
    }
  }

  private long readAll(Consumer<StreamStatus> reader) {
    List<S> streams = open.get();
    long prefetched = 0;
    for (int from = 0; from < streams.size(); from += BLOCK) {
      List<S> block = streams.subList(from, Math.min(streams.size(), from + BLOCK));
      for (S stream : block) {
        prefetched += prefetch.applyAsLong(stream);
      }
      for (S stream : block) {
        reader.accept(status.apply(stream));
      }
    }
    return prefetched;
  }

  /** The positions of a session; called under its lock. */
  static StreamStatus.StreamPositions positions(StreamSession session) {
    return new StreamStatus.StreamPositions(
        session.position(), session.acked(), session.processed(), session.duplicates());
  }
}
