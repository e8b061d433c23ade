package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SessionMoveTest {
  private static final long SECOND = 1_000_000_000L;

  private final SessionMove move = new SessionMove();
  private final StreamAttachment old = new StreamAttachment(1, 7, 0);

  @Test
  void nobodyIsRefusedWhoWasNotAsked() {
    assertThat(move.refuses(0, old)).isFalse();
    assertThat(move.refuses(0, null)).isFalse();
  }

  @Test
  void aClientThatComesBackIsRefusedAFewTimes() {
    move.ask(0, old);
    for (int i = 0; i < SessionMove.MAX_REFUSALS; i++) {
      assertThat(move.refuses(SECOND, old)).isTrue();
    }
    assertThat(move.refuses(SECOND, old)).isFalse();
  }

  @Test
  void aClientThatHasNowhereElseToGoIsLetInAfterAWhile() {
    move.ask(0, old);
    assertThat(move.refuses(SessionMove.REFUSED_FOR.toNanos() - 1, old)).isTrue();
    assertThat(move.refuses(SessionMove.REFUSED_FOR.toNanos(), old)).isFalse();
  }

  @Test
  void aClientThatHasNoConnectionIsNeverRefused() {
    move.ask(0, old);
    assertThat(move.refuses(0, null)).isFalse();
    assertThat(move.onClosed(old)).isTrue();
    assertThat(move.refuses(0, null)).isFalse();
  }

  @Test
  void oneThatStayedHasNotLeftWhenItsNextConnectionEnds() {
    move.ask(0, old);
    move.onAdmitted();
    StreamAttachment next = new StreamAttachment(2, 8, 0);
    assertThat(move.onClosed(next)).isFalse();
    assertThat(move.onClosed(old)).isFalse();
  }

  @Test
  void sessionIsWantedElsewhereForAWhileAndWithItsConnectionOnly() {
    assertThat(move.isWanted(0, old)).isFalse();
    move.ask(0, old);
    assertThat(move.isWanted(SessionMove.CURSOR_PATIENCE.toNanos() - 1, old)).isTrue();
    assertThat(move.isWanted(SessionMove.CURSOR_PATIENCE.toNanos(), old)).isFalse();
    assertThat(move.isWanted(0, new StreamAttachment(2, 8, 0))).isFalse();
    assertThat(move.isWanted(0, null)).isFalse();
  }
}
