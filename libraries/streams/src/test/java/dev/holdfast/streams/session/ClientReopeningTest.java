package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.DurabilityLevel;
import dev.holdfast.streams.FirstMessage;
import dev.holdfast.streams.SessionOptions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Streams that are cut before their first welcome, and those that are opened again. */
class ClientReopeningTest extends ClientSessionFixture {

  @Test
  void levelReopenTellsTheApplicationToBeginAgain() {
    session = session(SessionOptions.DEFAULT.withLevel(DurabilityLevel.REOPEN));
    StreamAttachment first = start(ClientSession.Peer.PLAIN);
    session.onPlainHeaders(now, first);
    offer(1);
    cut(first);
    StreamAttachment second = nextAttachment();
    // What belongs to neither stream is dropped, and what comes before the first messages waits.
    offer(2);
    session.onPlainHeaders(now, second);
    offer(1);

    assertThat(outputs).hasAtLeastOneElementOfType(SessionOutput.Reopened.class);
    assertThat(sent()).hasSize(1);
    assertThat(session.beginReopen()).hasValue(3);
    assertThat(session.beginReopen()).isEmpty();
    offer(1);
    assertThat(sent()).hasSize(2);
  }

  @Test
  void aHalfCloseIsSaidAgainOnAStreamThatWasReopened() {
    session = session(SessionOptions.DEFAULT.withLevel(DurabilityLevel.REOPEN));
    StreamAttachment first = start(ClientSession.Peer.PLAIN);
    session.onPlainHeaders(now, first);
    offer(1);
    session.halfClose();
    drain();
    cut(first);
    StreamAttachment second = nextAttachment();
    session.onPlainHeaders(now, second);
    session.beginReopen();
    offer(1);
    assertThat(halfCloses()).hasSize(1);

    session.finishReopen();
    drain();
    assertThat(sent()).hasSize(2);
    assertThat(halfCloses()).hasSize(2);
    assertThat(halfCloses().get(1).attachment()).isEqualTo(second);
  }

  @Test
  void aStreamThatIsCutBeforeTheApplicationBeganAgainIsReopenedOnceMore() {
    session = session(SessionOptions.DEFAULT.withLevel(DurabilityLevel.REOPEN));
    StreamAttachment first = start(ClientSession.Peer.PLAIN);
    session.onPlainHeaders(now, first);
    session.halfClose();
    cut(first);
    StreamAttachment second = nextAttachment();
    session.onPlainHeaders(now, second);
    drain();
    cut(second);
    // The application was to be told of the second stream only now.
    assertThat(session.beginReopen()).isEmpty();
    StreamAttachment third = nextAttachment();
    session.onPlainHeaders(now, third);
    drain();
    assertThat(sent()).isEmpty();
    session.beginReopen();
    offer(1);
    session.finishReopen();
    drain();

    assertThat(sent()).hasSize(1);
    assertThat(sent().get(0).attachment()).isEqualTo(third);
    assertThat(halfCloses().get(halfCloses().size() - 1).attachment()).isEqualTo(third);
  }

  @Test
  void aCallThatCameToNobodyIsOpenedAgainAsTheFirst() {
    StreamAttachment first = start(ClientSession.Peer.UNKNOWN);
    offer(2);
    session.onClosed(now, first, CallClosure.unreached());
    drain();
    StreamAttachment second = nextAttachment();

    assertThat(opened().get(1).hello().untouched()).isTrue();
    assertThat(sent().subList(2, 4))
        .extracting(SessionOutput.Send::attachment)
        .containsOnly(second);
  }

  @Test
  void aCutBeforeTheWelcomeSaysHowOldTheSessionIs() {
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    offer(2);
    pass(Duration.ofSeconds(2));
    cut(first);
    nextAttachment();

    assertThat(opened().get(0).hello().ageMillis()).isZero();
    assertThat(opened().get(1).hello().untouched()).isFalse();
    Duration age = Duration.ofNanos(now).plus(SessionOptions.DEFAULT.timing().handshake());
    assertThat(opened().get(1).hello().ageMillis()).isEqualTo(age.toMillis());
  }

  @Test
  void firstMessagesThatWaitForTheWelcomeCanNotBeLostBeforeIt() {
    session = session(SessionOptions.DEFAULT.withFirstMessage(FirstMessage.AFTER_WELCOME));
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    offer(2);
    cut(first);
    StreamAttachment second = nextAttachment();
    assertThat(sent()).isEmpty();
    assertThat(opened().get(1).hello().untouched()).isTrue();

    session.onWelcome(now, second, welcome(0, 1));
    drain();
    assertThat(sent()).hasSize(2);
  }

  private List<SessionOutput.HalfClose> halfCloses() {
    return outputs.stream()
        .filter(SessionOutput.HalfClose.class::isInstance)
        .map(SessionOutput.HalfClose.class::cast)
        .toList();
  }
}
