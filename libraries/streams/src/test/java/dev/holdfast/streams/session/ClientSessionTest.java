package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionEnd.SessionEndKind;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.internal.Handshake;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.HandshakeRefusal;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Named cases that the simulation finds by its seeds, and peers that it does not have. */
class ClientSessionTest extends ClientSessionFixture {

  @Test
  void onlyTheFirstMessageIsMarkedUntilThePeerHasProvedItself() {
    StreamAttachment first = start(ClientSession.Peer.UNKNOWN);
    offer(3);
    assertThat(sent())
        .extracting(send -> send.header() != null)
        .containsExactly(true, false, false);

    session.onWelcome(now, first, welcome(0, 1));
    offer(1);
    FrameHeader header = sent().get(3).header();
    assertThat(header).isNotNull();
    assertThat(Objects.requireNonNull(header).seq()).isEqualTo(4);
  }

  @Test
  void beforeTheWelcomeNoMoreIsSentThanAnyServerTakes() {
    start(ClientSession.Peer.HOLDFAST);
    offer(Handshake.INITIAL_CREDIT + 5);

    assertThat(sent()).hasSize(Handshake.INITIAL_CREDIT);
  }

  @Test
  void anAttachmentAfterTheFirstSendsNothingBeforeItsWelcome() {
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    offer(2);
    session.onWelcome(now, first, welcome(0, 1));
    cut(first);
    StreamAttachment second = nextAttachment();
    offer(1);
    assertThat(sent()).hasSize(2);

    session.onWelcome(now, second, welcome(1, 1));
    drain();
    assertThat(sent().subList(2, 4))
        .extracting(send -> Objects.requireNonNull(send.header()).seq())
        .containsExactly(2L, 3L);
  }

  @Test
  void aPeerWithoutSessionsIsServedAsPlainGrpc() {
    StreamAttachment first = start(ClientSession.Peer.UNKNOWN);
    session.request(5);
    offer(2);
    session.onPlainHeaders(now, first);
    offer(1);
    session.halfClose();
    drain();
    assertThat(sent().get(2).header()).isNull();
    assertThat(outputs).hasAtLeastOneElementOfType(SessionOutput.HalfClose.class);
    assertThat(session.heldBytes()).isZero();

    session.onFrame(now, first, null, BODY);
    drain();
    assertThat(outputs).hasAtLeastOneElementOfType(SessionOutput.Deliver.class);
    session.onClosed(now, first, CallClosure.status(5, BODY));
    drain();
    assertThat(end().kind()).isEqualTo(SessionEndKind.PLAIN);
    assertThat(end().status()).isEqualTo(5);
  }

  @Test
  void aSilentPeerThatMayWaitForTheHalfCloseGetsItAndMayStillWelcome() {
    StreamAttachment first = start(ClientSession.Peer.UNKNOWN);
    offer(1);
    session.halfClose();
    drain();
    assertThat(outputs).doesNotHaveAnyElementsOfTypes(SessionOutput.HalfClose.class);
    pass(SessionOptions.Timing.DEFAULT.assumePlain());
    assertThat(outputs).hasAtLeastOneElementOfType(SessionOutput.HalfClose.class);

    session.onWelcome(now, first, welcome(0, 1));
    drain();
    // Acks need an open request side: the attachment is replaced.
    assertThat(opened()).hasSize(2);
    assertThat(session.state()).isEqualTo(SessionState.HANDOVER);
  }

  @Test
  void aCallThatWaitsForAConnectionMakesNoPeerSilent() {
    Duration silence = SessionOptions.Timing.DEFAULT.assumePlain();
    StreamAttachment first = start(ClientSession.Peer.UNKNOWN);
    session.onHelloUnsent(first);
    offer(1);
    session.halfClose();
    drain();
    pass(silence.multipliedBy(3));
    assertThat(outputs).doesNotHaveAnyElementsOfTypes(SessionOutput.HalfClose.class);

    session.onHelloSent(now, first);
    pass(silence.minusNanos(1));
    assertThat(outputs).doesNotHaveAnyElementsOfTypes(SessionOutput.HalfClose.class);
    assertThat(session.nextDeadlineNanos()).hasValue(now + 1);
    pass(Duration.ofNanos(1));
    assertThat(outputs).hasAtLeastOneElementOfType(SessionOutput.HalfClose.class);
  }

  @ParameterizedTest
  @CsvSource({
    "UNKNOWN, LOST_UNKNOWN",
    "EXPIRED, LOST_EXPIRED",
    "GAP, LOST_GAP",
    "DENIED, LOST_DENIED"
  })
  void aRefusalThatIsFinalIsToldOnceWithTheLastNumbers(
      HandshakeRefusal.RefusalCode refusalCode, SessionEndKind sessionEndKind) {
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    offer(2);
    session.onWelcome(now, first, welcome(1, 1));
    cut(first);
    StreamAttachment second = nextAttachment();
    session.onRefused(now, second, HandshakeRefusal.of(refusalCode));
    session.onRefused(now, second, HandshakeRefusal.of(refusalCode));
    drain();

    assertThat(outputs.stream().filter(o -> o instanceof SessionOutput.Ended)).hasSize(1);
    assertThat(end().kind()).isEqualTo(sessionEndKind);
    assertThat(end().processedByPeer()).isEqualTo(1);
    assertThat(session.isOver()).isTrue();
  }

  @Test
  void aServerThatForgotWhatItAcknowledgedIsAGap() {
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    offer(3);
    session.onWelcome(now, first, welcome(2, 1));
    cut(first);
    session.onWelcome(now, nextAttachment(), welcome(1, 1));
    drain();

    assertThat(end().kind()).isEqualTo(SessionEndKind.LOST_GAP);
  }

  @ParameterizedTest
  @CsvSource({"STREAM, 3", "CONNECTION, 12"})
  void aMessageThatBreaksEveryAttachmentEndsTheSession(
      CallClosure.ClosureScope closureScope, int attachments) {
    StreamAttachment attachment = start(ClientSession.Peer.HOLDFAST);
    offer(1);
    for (int i = 1; i <= attachments; i++) {
      assertThat(session.end()).isNull();
      session.onWelcome(now, attachment, welcome(0, 1));
      drain();
      session.onClosed(now, attachment, new CallClosure(closureScope, 13, Payload.EMPTY));
      drain();
      attachment = i == attachments ? attachment : nextAttachment();
    }
    assertThat(end().kind()).isEqualTo(SessionEndKind.LOST_STUCK);
  }

  @ParameterizedTest
  @ValueSource(ints = {Flag.HALF_CLOSE, Flag.CANCEL, Flag.SETTLED, Flag.MOVED})
  void aServerThatSaysWhatOnlyAClientMaySayLosesItsAttachmentAndNothingElse(int flags) {
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    offer(1);
    session.onWelcome(now, first, welcome(0, 1));
    drain();

    session.onFrame(now, first, new FrameHeader(first.tag(), 1, 1, 0, flags, 0, 0, 0), BODY);
    drain();

    assertThat(outputs)
        .contains(new SessionOutput.EndCall(first, AttachmentCloseReason.PROTOCOL_ERROR));
    assertThat(session.acked()).isZero();
    assertThat(session.end()).isNull();
    session.onWelcome(now, nextAttachment(), welcome(0, 1));
    assertThat(session.state()).isEqualTo(SessionState.ATTACHED);
  }

  @ParameterizedTest
  @CsvSource({"STREAM, 13, LOST_STUCK", "STREAM, 8, LOST_STUCK", "STATUS, 8, LOST_REFUSED"})
  void aClientThatGivesUpTellsItsServerToo(
      CallClosure.ClosureScope closureScope, int status, SessionEndKind expected) {
    StreamAttachment attachment = start(ClientSession.Peer.HOLDFAST);
    offer(1);
    while (session.end() == null) {
      session.onWelcome(now, attachment, welcome(0, 1));
      drain();
      session.onClosed(now, attachment, new CallClosure(closureScope, status, Payload.EMPTY));
      drain();
      attachment = nextAttachment();
    }
    assertThat(end().kind()).isEqualTo(expected);
    assertThat(session.isOver()).isFalse();
    outputs.clear();

    session.onWelcome(now, attachment, welcome(0, 1));
    drain();

    assertThat(sent()).singleElement().satisfies(send -> assertThat(isCancel(send)).isTrue());
    session.onClosed(now, attachment, CallClosure.status(0, Payload.EMPTY));
    drain();
    assertThat(session.isOver()).isTrue();
    assertThat(session.state()).isEqualTo(SessionState.LOST);
  }

  @Test
  void whoSeesAGapTellsItsServerToo() {
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    offer(3);
    session.onWelcome(now, first, welcome(2, 1));
    cut(first);
    session.onWelcome(now, nextAttachment(), welcome(1, 1));
    drain();

    assertThat(end().kind()).isEqualTo(SessionEndKind.LOST_GAP);
    assertThat(sent()).last().satisfies(send -> assertThat(isCancel(send)).isTrue());
  }

  @Test
  void threeMessagesInARowThatAreTooLargeForThisEndEndTheSession() {
    StreamAttachment attachment = start(ClientSession.Peer.HOLDFAST);
    for (int i = 1; i <= 3; i++) {
      assertThat(session.end()).isNull();
      session.onWelcome(now, attachment, welcome(0, 1));
      drain();
      session.onClosed(now, attachment, CallClosure.stream(8));
      drain();
      attachment = nextAttachment();
    }
    assertThat(end().kind()).isEqualTo(SessionEndKind.LOST_REFUSED);
  }

  @Test
  void anOutageOfMoreThanTwoSecondsIsToldOnceAndSoIsItsEnd() {
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    session.onWelcome(now, first, welcome(0, 1));
    cut(first);
    session.onWelcome(now, nextAttachment(), welcome(0, 1));
    drain();
    assertThat(outputs).doesNotHaveAnyElementsOfTypes(SessionOutput.Waiting.class);

    cut(opened().get(opened().size() - 1).attachment());
    long alone = now;
    while (now - alone < Duration.ofSeconds(60).toNanos()) {
      cut(nextAttachment());
    }
    session.onWelcome(now, nextAttachment(), welcome(0, 1));
    drain();

    List<SessionOutput> told =
        outputs.stream()
            .filter(
                output ->
                    output instanceof SessionOutput.Waiting
                        || output instanceof SessionOutput.Resumed)
            .toList();
    assertThat(told).hasSize(2);
    assertThat(told.get(1)).isInstanceOf(SessionOutput.Resumed.class);
    // TTL, the longest delay and a handshake, less the two seconds.
    assertThat(((SessionOutput.Waiting) told.get(0)).left())
        .isBetween(Duration.ofSeconds(155), Duration.ofSeconds(160));
  }

  private static boolean isCancel(SessionOutput.Send send) {
    FrameHeader header = send.header();
    return header != null && header.has(Flag.CANCEL);
  }

  @Test
  void aStatusThatRepeatingCantChangeEndsTheSession() {
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    session.onWelcome(now, first, welcome(0, 1));
    session.onClosed(now, first, CallClosure.status(8, Payload.EMPTY));
    drain();

    assertThat(end().kind()).isEqualTo(SessionEndKind.LOST_REFUSED);
  }

  @Test
  void anAttachmentIsAskedForLaterAndLaterUntilSomethingIsAcknowledged() {
    StreamAttachment attachment = start(ClientSession.Peer.HOLDFAST);
    offer(1);
    session.onWelcome(now, attachment, welcome(0, 1));
    cut(attachment);
    long longest = 0;
    for (int i = 0; i < 12; i++) {
      long before = now;
      attachment = nextAttachment();
      longest = Math.max(longest, now - before);
      cut(attachment);
    }
    assertThat(Duration.ofNanos(longest)).isBetween(Duration.ofSeconds(5), Duration.ofSeconds(31));

    attachment = nextAttachment();
    session.onWelcome(now, attachment, welcome(1, 1));
    long before = now;
    cut(attachment);
    nextAttachment();
    assertThat(Duration.ofNanos(now - before)).isLessThan(Duration.ofMillis(251));
  }

  @Test
  void theDeadlineIsTheSessionsOwn() {
    session.start(now, Duration.ofSeconds(5), ClientSession.Peer.HOLDFAST);
    drain();
    assertThat(opened().get(0).hello().remainingMillis()).isEqualTo(5_000);
    session.onClosed(now, opened().get(0).attachment(), CallClosure.connection());
    pass(Duration.ofSeconds(5));

    assertThat(end().kind()).isEqualTo(SessionEndKind.DEADLINE);
    assertThat(session.isOver()).isTrue();
  }

  @Test
  void aCancelDuringAnOutageIsToldAtOnceAndBroughtToTheServerLater() {
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    session.onWelcome(now, first, welcome(0, 1));
    cut(first);
    session.cancel(now);
    drain();
    assertThat(end().kind()).isEqualTo(SessionEndKind.CANCELLED);
    assertThat(session.isOver()).isFalse();

    session.onWelcome(now, nextAttachment(), welcome(0, 1));
    drain();
    FrameHeader last = sent().get(sent().size() - 1).header();
    assertThat(last).isNotNull();
    assertThat(Objects.requireNonNull(last).has(Flag.CANCEL)).isTrue();
  }

  /** Rule M39: where the session goes on is not known yet when the connection's GOAWAY comes. */
  @Test
  void goAwayOfAnInstanceThatLeavesBeginsNoOtherAttachment() {
    StreamAttachment attachment = start(ClientSession.Peer.HOLDFAST);
    session.onWelcome(now, attachment, welcome(0, 1));
    drain();
    FrameHeader leaving =
        new FrameHeader(attachment.tag(), 0, 0, 0, Flag.DRAIN | Flag.LEAVING, 0, 0, 0);
    session.onFrame(now, attachment, leaving, Payload.EMPTY);
    drain();

    session.onDrain(now, attachment);
    drain();

    assertThat(opened()).hasSize(1);
  }

  @Test
  void whatAnOlderAttachmentStillBringsIsNotRead() {
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    session.request(5);
    session.onWelcome(now, first, welcome(0, 1));
    session.onDrain(now, first);
    drain();
    StreamAttachment second = nextAttachment();
    session.onWelcome(now, second, welcome(0, 1));
    session.onFrame(now, first, new FrameHeader(first.tag(), 1, 0, 0, 0, 0, 0, 0), BODY);
    drain();

    assertThat(outputs).doesNotHaveAnyElementsOfTypes(SessionOutput.Deliver.class);
    assertThat(session.state()).isEqualTo(SessionState.ATTACHED);
  }

  @Test
  void aFullBufferStopsTheApplicationAndKeepsAll() {
    session = session(SessionOptions.DEFAULT.withSendBuffer(4, 1_000));
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    session.onWelcome(now, first, welcome(0, 1));
    offer(4);
    assertThat(session.isReady()).isFalse();
    offer(4);
    assertThat(session.offer(BODY)).isFalse();

    session.onFrame(now, first, FrameHeader.control(first.tag(), 6, 0, 0), Payload.EMPTY);
    drain();
    assertThat(session.isReady()).isTrue();
    assertThat(outputs).hasAtLeastOneElementOfType(SessionOutput.Ready.class);
  }
}
