package dev.holdfast.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.admin.rpc.RowsRequest;
import dev.holdfast.admin.rpc.StreamsPage;
import dev.holdfast.core.testkit.VirtualScheduler;
import dev.holdfast.hooks.EndedStreamStatus;
import dev.holdfast.hooks.StreamSource;
import dev.holdfast.hooks.StreamStatus;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ProcessStateTest {
  private static final StreamStatus STREAM =
      new StreamStatus(
          true,
          0,
          7,
          () -> "10.0.0.7:40001",
          "",
          "chat.Chat/Talk",
          "ATTACHED",
          3,
          "",
          0,
          new StreamStatus.StreamPositions(9, 4, 2, 0),
          new StreamStatus.StreamTimes(1_000, 10, 500));

  private final VirtualScheduler time = new VirtualScheduler();
  private final AtomicInteger asked = new AtomicInteger();
  private final ProcessState state =
      new ProcessState(
          time.clock(),
          new StreamSource() {
            @Override
            public int openCount() {
              return 1;
            }

            @Override
            public Stream<StreamStatus> open() {
              asked.incrementAndGet();
              return Stream.of(STREAM);
            }
          });

  @Test
  void streamsAreReadOnceASecondHoweverManyAskTheSame() {
    StreamPages pages =
        new StreamPages(
            state,
            request -> new RowSelection(10, "", request.getSort(), false, List.of()),
            page -> StreamsPage.newBuilder().setTotal(page.total()));
    RowsRequest request = RowsRequest.newBuilder().setSort("sent").build();
    for (int i = 0; i < 100; i++) {
      assertThat(pages.page(request).getTotal()).isEqualTo(1);
    }
    assertThat(asked).hasValue(1);

    time.advance(StreamPages.AGE);
    assertThat(pages.page(request).getStatesList())
        .singleElement()
        .satisfies(
            count -> {
              assertThat(count.getState()).isEqualTo("ATTACHED");
              assertThat(count.getStreams()).isEqualTo(1);
            });
    assertThat(asked).hasValue(2);

    for (int i = 0; i <= StreamPages.MAX_KEPT; i++) {
      pages.page(request.toBuilder().addFilters("sent>" + i).build());
    }
    int before = asked.get();
    pages.page(request);
    assertThat(asked).as("a page beyond the bound is made again").hasValue(before + 1);
  }

  @Test
  void rowHasWhatIsComputedOfTheStream() {
    assertThat(state.streams())
        .singleElement()
        .satisfies(
            row -> {
              assertThat(row.unacked()).isEqualTo(5);
              assertThat(row.resumes()).isEqualTo(2);
            });
    assertThat(asked).hasValue(1);
  }

  @Test
  void ringKeepsTheLastThousandEndedStreams() {
    for (int i = 0; i < ProcessState.MAX_ENDED + 1; i++) {
      state.ended(new EndedStreamStatus(STREAM, "LOST_EXPIRED", true));
    }

    assertThat(state.endedStreams())
        .hasSize(ProcessState.MAX_ENDED)
        .allMatch(row -> row.lost() && row.end().equals("LOST_EXPIRED"));
    assertThat(state.endedStreamCount()).isEqualTo(ProcessState.MAX_ENDED + 1);
  }
}
