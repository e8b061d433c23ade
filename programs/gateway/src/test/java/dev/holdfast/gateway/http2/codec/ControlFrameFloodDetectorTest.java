package dev.holdfast.gateway.http2.codec;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ControlFrameFloodDetectorTest {
  private static final int WINDOW = 65_535;
  private static final long SECOND = 1_000_000_000L;

  private final ControlFrameFloodDetector frames = new ControlFrameFloodDetector();

  @Test
  void pingsForNothingAreTooManyAfterAThousand() {
    for (int i = 0; i < ControlFrameFloodDetector.MAX_PINGS; i++) {
      assertThat(frames.onPing(i, 0, WINDOW)).isFalse();
    }
    assertThat(frames.onPing(0, 0, WINDOW)).isTrue();
  }

  @Test
  void peerThatMeasuresTheWayOfWhatItGetsMayPing() {
    for (int i = 0; i < 10 * ControlFrameFloodDetector.MAX_PINGS; i++) {
      assertThat(frames.onPing(i, 1, 1_000_000 - i)).isFalse();
      assertThat(frames.onPing(i, 1 + 2 * i, 1_000_000 - i)).isFalse();
    }
  }

  @Test
  void peerThatOnlyWidensItsWindowDoesNotMeasure() {
    int refused = 0;
    for (int i = 0; i < 2 * ControlFrameFloodDetector.MAX_PINGS; i++) {
      refused += frames.onPing(i, 0, WINDOW + i) ? 1 : 0;
    }
    assertThat(refused).isEqualTo(ControlFrameFloodDetector.MAX_PINGS);
  }

  @Test
  void onePingEveryTenMillisecondsIsNoFlood() {
    for (long i = 0; i < 10_000; i++) {
      assertThat(frames.onPing(i * SECOND / 50, 0, WINDOW)).isFalse();
    }
  }

  @Test
  void framesForNothingAreTooManyAfterTenThousandAndCountAnewLater() {
    for (int i = 0; i < ControlFrameFloodDetector.MAX_OTHERS; i++) {
      assertThat(frames.onOther(i)).isFalse();
    }
    assertThat(frames.onOther(SECOND)).isTrue();
    assertThat(frames.onOther(11 * SECOND)).isFalse();
  }

  @Test
  void whoGetsDataMayOpenItsWindowsForEachPiece() {
    for (int i = 0; i < 100 * ControlFrameFloodDetector.MAX_OTHERS; i++) {
      frames.onDataSent();
      // As often for the stream as for the connection, and then some.
      for (int update = 0; update < 4; update++) {
        assertThat(frames.onOther(i)).isFalse();
      }
    }
  }

  @Test
  void whoCallsMaySayPrioritiesAndCancel() {
    for (int i = 0; i < 10 * ControlFrameFloodDetector.MAX_OTHERS; i++) {
      frames.onHeaders();
      for (int other = 0; other < 8; other++) {
        assertThat(frames.onOther(i)).isFalse();
      }
    }
  }

  @Test
  void whatWasEarnedLongAgoIsNoCauseToFlood() {
    for (int i = 0; i < 100 * ControlFrameFloodDetector.MAX_OTHERS; i++) {
      frames.onDataSent();
    }
    int passed = 0;
    while (!frames.onOther(1)) {
      passed++;
    }
    assertThat(passed).isLessThan(11 * ControlFrameFloodDetector.MAX_OTHERS);
  }

  @Test
  void settingsAreTooManyAfterAHundredAndCountAnewLater() {
    for (int i = 0; i < ControlFrameFloodDetector.MAX_SETTINGS; i++) {
      assertThat(frames.onSettings(i)).isFalse();
    }
    assertThat(frames.onSettings(0)).isTrue();
    assertThat(frames.onSettings(11 * SECOND)).isFalse();
  }
}
