package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SessionMoveTest {
  private static final long SECOND = 1_000_000_000L;

  private final StreamAttachment old = new StreamAttachment(1, 7, 0);
  private final SessionMove move = new SessionMove(0, old);

  @Test
  void aClientThatComesBackIsRefusedAFewTimes() {
    for (int i = 0; i < SessionMove.MAX_REFUSALS; i++) {
      assertThat(move.refuses(SECOND, old)).isTrue();
    }
    assertThat(move.refuses(SECOND, old)).isFalse();
  }

  @Test
  void aClientThatHasNowhereElseToGoIsLetInAfterAWhile() {
    assertThat(move.refuses(SessionMove.REFUSED_FOR.toNanos() - 1, old)).isTrue();
    assertThat(move.refuses(SessionMove.REFUSED_FOR.toNanos(), old)).isFalse();
  }

  @Test
  void aClientThatHasNoConnectionIsNeverRefused() {
    assertThat(move.refuses(0, null)).isFalse();
  }

  @Test
  void mayHaveLeftWhenTheConnectionEndsOnWhichItWasAsked() {
    assertThat(move.mayHaveLeft(new StreamAttachment(2, 8, 0))).isFalse();
    assertThat(move.mayHaveLeft(old)).isTrue();
  }

  @Test
  void sessionIsWantedElsewhereForAWhileAndWithItsConnectionOnly() {
    assertThat(move.isWanted(SessionMove.CURSOR_PATIENCE.toNanos() - 1, old)).isTrue();
    assertThat(move.isWanted(SessionMove.CURSOR_PATIENCE.toNanos(), old)).isFalse();
    assertThat(move.isWanted(0, new StreamAttachment(2, 8, 0))).isFalse();
    assertThat(move.isWanted(0, null)).isFalse();
  }
}
