package dev.holdfast.registry.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

class HeartbeatMonitorTest {
  private static final long STEP = 250;

  private final HeartbeatMonitor ledger = new HeartbeatMonitor();

  @Test
  void theFirstLookIsNoSilence() {
    assertThat(ledger.observe("f", "stamp", 1_000_000, STEP)).isZero();
  }

  @Test
  void silenceGrowsWithEveryLookThatFindsTheSame() {
    ledger.observe("f", "stamp", 0, STEP);
    assertThat(ledger.observe("f", "stamp", 100, STEP)).isEqualTo(100);
    assertThat(ledger.observe("f", "stamp", 300, STEP)).isEqualTo(300);
  }

  @Test
  void anyOtherStampEndsTheSilenceEvenAnOlderOne() {
    ledger.observe("f", 9, 0, STEP);
    ledger.observe("f", 9, 200, STEP);
    assertThat(ledger.observe("f", 3, 400, STEP)).isZero();
  }

  @Test
  void aReaderThatWasStoppedForAnHourHasNotWatchedForAnHour() {
    ledger.observe("f", "stamp", 0, STEP);
    assertThat(ledger.observe("f", "stamp", 3_600_000, STEP)).isEqualTo(STEP);
  }

  @Test
  void aFileThatWentAwayIsForgotten() {
    ledger.observe("f", "stamp", 0, STEP);
    ledger.observe("f", "stamp", 200, STEP);
    ledger.retain(Set.of("g"));
    assertThat(ledger.observe("f", "stamp", 300, STEP)).isZero();
  }
}
