package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.hooks.StreamStatus;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How the streams of one server are passed to its admin service. */
class ShownStreamsTest {
  private static final int STREAMS = 10_001;
  private static final List<Integer> NUMBERS = IntStream.range(0, STREAMS).boxed().toList();

  private final Set<Integer> prefetched = ConcurrentHashMap.newKeySet();
  private final ShownStreams<Integer> shown =
      new ShownStreams<>(() -> STREAMS, () -> NUMBERS, this::status, this::prefetch);

  @Test
  void parallelReadersReadEachStreamOnceAfterItsMemory() {
    List<Long> ids = shown.open().parallel().map(StreamStatus::idLow).sorted().toList();

    assertThat(ids).isEqualTo(NUMBERS.stream().map(Integer::longValue).toList());
    assertThat(prefetched).hasSize(STREAMS);
  }

  @Test
  void numberIsKnownBeforeAnyIsRead() {
    assertThat(shown.open().spliterator().getExactSizeIfKnown()).isEqualTo(STREAMS);
    assertThat(shown.open().limit(10).parallel()).hasSize(10);
    assertThat(prefetched).hasSizeLessThan(STREAMS);
  }

  private StreamStatus status(Integer number) {
    assertThat(prefetched).contains(number);
    return new StreamStatus(
        true,
        0,
        number,
        () -> "",
        "",
        "chat.Chat/Talk",
        "ATTACHED",
        1,
        "",
        0,
        new StreamStatus.StreamPositions(0, 0, 0, 0),
        new StreamStatus.StreamTimes(0, 0, 0));
  }

  private long prefetch(Integer number) {
    prefetched.add(number);
    return number;
  }
}
