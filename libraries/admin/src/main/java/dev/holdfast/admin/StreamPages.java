package dev.holdfast.admin;

import dev.holdfast.admin.rpc.RowsRequest;
import dev.holdfast.admin.rpc.StreamStateCount;
import dev.holdfast.admin.rpc.StreamsPage;
import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The pages of open streams. One is made at a time, in one pass over all streams, by the asking
 * thread and idle ones of the common pool: to read 100,000 streams is to wait for memory, and each
 * core waits by itself. Readers that ask the same get the same page for a second. Thread-safe.
 */
final class StreamPages {
  /** However many readers ask the same: the streams are read once in this time. */
  static final Duration AGE = Duration.ofSeconds(1);

  @Limit(
      of = "pages of streams that the admin service keeps for a second",
      then = "the oldest is made again when it is asked for")
  static final int MAX_KEPT = 16;

  private final ProcessState state;
  private final Function<RowsRequest, RowSelection> selections;
  private final Function<RowTable.RowPage<StreamRow>, StreamsPage.Builder> messages;

  // Guarded by this.
  private final Map<RowsRequest, KeptPage> kept =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<RowsRequest, KeptPage> eldest) {
          return size() > MAX_KEPT;
        }
      };

  private record KeptPage(StreamsPage page, long madeNanos) {}

  StreamPages(
      ProcessState state,
      Function<RowsRequest, RowSelection> selections,
      Function<RowTable.RowPage<StreamRow>, StreamsPage.Builder> messages) {
    this.state = state;
    this.selections = selections;
    this.messages = messages;
  }

  /**
   * The page of a request.
   *
   * @throws IllegalArgumentException when the request is malformed
   */
  synchronized StreamsPage page(RowsRequest request) {
    KeptPage known = kept.get(request);
    if (known != null && state.nowNanos() - known.madeNanos() < AGE.toNanos()) {
      return known.page();
    }
    RowSelection wanted = selections.apply(request);
    Part all = state.streams().parallel().collect(() -> new Part(wanted), Part::add, Part::addAll);
    StreamsPage.Builder page = messages.apply(all.selector.page());
    all.states.forEach(
        (name, streams) ->
            page.addStates(StreamStateCount.newBuilder().setState(name).setStreams(streams[0])));
    KeptPage made = new KeptPage(page.build(), state.nowNanos());
    kept.remove(request);
    kept.put(request, made);
    return made.page();
  }

  /** The part of a page that one thread has made of the streams that it read. */
  private static final class Part {
    final RowTable<StreamRow>.RowSelector selector;
    final Map<String, long[]> states = new TreeMap<>();

    Part(RowSelection wanted) {
      selector = AdminTables.STREAMS.selector(wanted);
    }

    void add(StreamRow row) {
      count(row.status().state(), 1);
      selector.add(row);
    }

    void addAll(Part other) {
      other.states.forEach((name, streams) -> count(name, streams[0]));
      selector.addAll(other.selector);
    }

    private void count(String name, long streams) {
      states.computeIfAbsent(name, unused -> new long[1])[0] += streams;
    }
  }
}
