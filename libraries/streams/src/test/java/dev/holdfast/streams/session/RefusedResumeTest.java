package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionEnd.SessionEndKind;
import dev.holdfast.streams.SessionState;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Statuses with which a load shedder, or who checks credentials, answers a stream that comes back.
 */
class RefusedResumeTest extends ClientSessionFixture {
  private static final int UNIMPLEMENTED = 12;

  @ParameterizedTest
  @ValueSource(ints = {7, 8, 16})
  void aSessionThatWasWelcomedTriesAgain(int status) {
    StreamAttachment first = welcomed();
    cut(first);
    for (int i = 0; i < 5; i++) {
      refuse(nextAttachment(), status);
      assertThat(session.end()).isNull();
    }

    session.onWelcome(now, nextAttachment(), welcome(0, 1));
    drain();

    assertThat(session.state()).isEqualTo(SessionState.ATTACHED);
    assertThat(sent().get(sent().size() - 1).body()).isEqualTo(BODY);
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 8, 16})
  void itsDelaysGrow(int status) {
    cut(welcomed());
    long longest = 0;
    for (int i = 0; i < 12 && session.end() == null; i++) {
      long before = now;
      refuse(nextAttachment(), status);
      longest = Math.max(longest, now - before);
    }
    assertThat(Duration.ofNanos(longest)).isBetween(Duration.ofSeconds(5), Duration.ofSeconds(31));
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 8, 16})
  void whenNoServerWouldHoldItAnyMoreItEndsWithThatStatus(int status) {
    long began = now;
    cut(welcomed());
    while (session.end() == null) {
      long due = session.nextDeadlineNanos().orElseThrow();
      pass(Duration.ofNanos(due - now));
      StreamAttachment newest = opened().get(opened().size() - 1).attachment();
      if (session.state() == SessionState.RESUMING) {
        refuse(newest, status);
      }
    }

    assertThat(end().kind()).isEqualTo(SessionEndKind.LOST_REFUSED);
    assertThat(Duration.ofNanos(now - began)).isGreaterThanOrEqualTo(Duration.ofMinutes(2));
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 8, 12, 16})
  void anAttachmentThatWorksIsNotGivenUpForASuccessorThatIsRefused(int status) {
    StreamAttachment first = welcomed();
    session.onDrain(now, first);
    drain();

    refuse(nextAttachment(), status);

    assertThat(session.end()).isNull();
    assertThat(session.state()).isEqualTo(SessionState.DRAIN);
    offer(1);
    assertThat(sent().get(sent().size() - 1).attachment()).isSameAs(first);
  }

  @Test
  void aServerWithoutTheMethodEndsIt() {
    cut(welcomed());

    refuse(nextAttachment(), UNIMPLEMENTED);

    assertThat(end().kind()).isEqualTo(SessionEndKind.LOST_REFUSED);
  }

  private StreamAttachment welcomed() {
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    offer(1);
    session.onWelcome(now, first, welcome(0, 1));
    drain();
    return first;
  }

  private void refuse(StreamAttachment attachment, int status) {
    session.onClosed(now, attachment, CallClosure.status(status, Payload.EMPTY));
    drain();
  }
}
