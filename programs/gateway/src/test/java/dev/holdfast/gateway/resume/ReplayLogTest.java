package dev.holdfast.gateway.resume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ReplayLogTest {
  private final ReplayLog log = new ReplayLog();

  @Test
  void positionsAreAbsoluteAndBytesAreThoseOfWhatIsKept() {
    for (int i = 1; i <= 5; i++) {
      log.add(new byte[i]);
    }
    log.removeUpTo(2);
    assertThat(log.first()).isEqualTo(3);
    assertThat(log.last()).isEqualTo(5);
    assertThat(log.bytes()).isEqualTo(3 + 4 + 5 + 3 * ReplayLog.MESSAGE_OVERHEAD);
    for (int i : new int[] {3, 4, 5, 3, 5, 4}) {
      assertThat(log.at(i)).hasSize(i);
    }
    log.add(new byte[6]);
    assertThat(log.at(4)).hasSize(4);
    assertThat(log.at(6)).hasSize(6);
    log.removeUpTo(9);
    assertThat(log.first()).isEqualTo(7);
    assertThat(log.bytes()).isZero();
  }

  @Test
  void whatIsNotKeptIsRefused() {
    log.add(new byte[1]);
    log.add(new byte[1]);
    log.removeFirst();
    assertThatThrownBy(() -> log.at(1)).hasMessage("position: 1 (expected: 2 to 2)");
    assertThatThrownBy(() -> log.at(3)).hasMessage("position: 3 (expected: 2 to 2)");
  }
}
