package dev.holdfast.streams.grpc;

import dev.holdfast.hooks.StreamSource;
import dev.holdfast.hooks.StreamStatus;
import dev.holdfast.streams.session.StreamSession;
import java.util.List;
import java.util.Spliterator;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The streams of one {@link ServerStreams} or {@link ClientStreams} for the admin service of the
 * process.
 *
 * @param count the number of streams that are not over
 * @param listed the streams that are not over
 * @param status the state of one, taken under its lock
 * @param prefetch reads what {@code status} will need, without the lock, and returns some number of
 *     it
 */
record ShownStreams<S>(
    IntSupplier count,
    Supplier<List<S>> listed,
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
  public Stream<StreamStatus> open() {
    List<S> streams = listed.get();
    return StreamSupport.stream(new Statuses(streams, 0, streams.size()), false);
  }

  /** The positions of a session; called under its lock. */
  static StreamStatus.StreamPositions positions(StreamSession session) {
    return new StreamStatus.StreamPositions(
        session.position(), session.acked(), session.processed(), session.duplicates());
  }

  /** The states of some of the listed streams. */
  private final class Statuses implements Spliterator<StreamStatus> {
    private final List<S> streams;
    private final int end;
    private int next;
    private int prefetchedEnd;

    Statuses(List<S> streams, int begin, int end) {
      this.streams = streams;
      this.end = end;
      this.next = begin;
      this.prefetchedEnd = begin;
    }

    @Override
    public boolean tryAdvance(Consumer<? super StreamStatus> reader) {
      if (next == end) {
        return false;
      }
      if (next == prefetchedEnd) {
        prefetchBlock();
      }
      reader.accept(status.apply(streams.get(next++)));
      return true;
    }

    private void prefetchBlock() {
      prefetchedEnd = Math.min(end, next + BLOCK);
      long read = 0;
      for (int i = next; i < prefetchedEnd; i++) {
        read += prefetch.applyAsLong(streams.get(i));
      }
      // Used somewhere, so that the compiler leaves the reads in.
      if (read == Long.MIN_VALUE) {
        Thread.onSpinWait();
      }
    }

    @Override
    public @Nullable Spliterator<StreamStatus> trySplit() {
      if (end - next <= BLOCK) {
        return null;
      }
      int middle = next + (end - next) / 2;
      Statuses first = new Statuses(streams, next, middle);
      next = middle;
      prefetchedEnd = Math.max(prefetchedEnd, middle);
      return first;
    }

    @Override
    public long estimateSize() {
      return (long) end - next;
    }

    @Override
    public int characteristics() {
      return SIZED | SUBSIZED | NONNULL;
    }
  }
}
