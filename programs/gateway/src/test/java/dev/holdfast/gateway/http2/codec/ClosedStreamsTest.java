package dev.holdfast.gateway.http2.codec;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ClosedStreamsTest {
  private final ClosedStreams streams = new ClosedStreams();

  @Test
  void whatTheClientEndedItselfGetsNoMore() {
    assertThat(streams.judge(1)).isEqualTo(ClosedStreams.ClosedStreamFrame.AFTER_END);
    streams.onEndedHere(1);
    streams.onResetByClient(3);
    assertThat(streams.judge(1)).isEqualTo(ClosedStreams.ClosedStreamFrame.LATE);
    assertThat(streams.judge(3)).isEqualTo(ClosedStreams.ClosedStreamFrame.AFTER_RESET);
    assertThat(streams.judge(5)).isEqualTo(ClosedStreams.ClosedStreamFrame.AFTER_END);
  }

  @Test
  void whatWasPassedOverNeverWas() {
    streams.onImplicitlyClosed(3, 7);
    assertThat(streams.judge(1)).isEqualTo(ClosedStreams.ClosedStreamFrame.AFTER_END);
    assertThat(streams.judge(3)).isEqualTo(ClosedStreams.ClosedStreamFrame.IMPLICITLY_CLOSED);
    assertThat(streams.judge(7)).isEqualTo(ClosedStreams.ClosedStreamFrame.IMPLICITLY_CLOSED);
    assertThat(streams.judge(9)).isEqualTo(ClosedStreams.ClosedStreamFrame.AFTER_END);
  }

  @Test
  void nobodyIsBlamedForWhatIsForgotten() {
    int count = 2 * ClosedStreams.REMEMBERED;
    for (int i = 0; i < count; i++) {
      streams.onEndedHere(2 * i + 1);
    }
    for (int id = 1; id < 2 * count; id += 2) {
      assertThat(streams.judge(id)).isEqualTo(ClosedStreams.ClosedStreamFrame.LATE);
    }
    assertThat(streams.judge(2 * count + 1)).isEqualTo(ClosedStreams.ClosedStreamFrame.AFTER_END);
  }
}
