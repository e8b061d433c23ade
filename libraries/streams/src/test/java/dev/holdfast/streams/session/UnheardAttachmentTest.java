package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionToken;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ends of attachments on which a server hears nothing, in virtual time. */
class UnheardAttachmentTest {
  private static final SessionId ID = new SessionId(1, 2);
  private static final Caller CALLER = new Caller("", "m");
  private static final SessionTokenIssuer ISSUER = new SessionTokenIssuer(new byte[32]);
  private static final long TAG = 7;

  private static final SessionOptions.Timing TIMING = SessionOptions.DEFAULT.timing();
  private static final Duration SILENCE = TIMING.assumePlain();
  private static final Duration FIRST = SILENCE.multipliedBy(2);
  private static final Duration LATE = SILENCE.dividedBy(2);
  private static final Duration IDLE = TIMING.handshake().dividedBy(2);

  private final SessionTable table =
      new SessionTable(
          new SessionTable.ServerIdentity("a", "", 10),
          ISSUER,
          SessionOptions.DEFAULT,
          SessionRules.STANDARD,
          new Random(1));

  private long now;
  private final List<SessionOutput> outputs = new ArrayList<>();
  private final StreamAttachment first = new StreamAttachment(1, TAG, 0);
  private final ServerSession session = admit(first, SessionToken.NONE, 0);

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void callThatIsHalfClosedLateEndsWithItsFirstMessage(boolean comesBack) {
    StreamAttachment current = comesBack ? comeBack() : first;
    request(current);
    pass(LATE);
    session.onHalfClosed(now, current);
    assertThat(ends()).isEmpty();

    say();

    // At first there is time for all that the handler says.
    assertThat(dueIn()).isEqualTo(comesBack ? Duration.ZERO : SILENCE);
    pass(dueIn());
    assertThat(ends())
        .containsExactly(new SessionOutput.EndCall(current, AttachmentCloseReason.RESPONSE_HELD));
    assertThat(session.state()).isEqualTo(SessionState.DETACHED);
    assertThat(session.end()).isNull();
  }

  @Test
  void whatWasWrittenBeforeTheHalfCloseCounts() {
    StreamAttachment second = comeBack();
    request(second);
    say();
    pass(LATE);
    session.onHalfClosed(now, second);

    assertThat(dueIn()).isEqualTo(Duration.ZERO);
  }

  /** Or its client could not know that it has nothing left to send. */
  @Test
  void requestsAreAcknowledgedBeforeTheCallEnds() {
    StreamAttachment second = comeBack();
    session.onFrame(
        now, second, new FrameHeader(TAG, 1, 0, 0, 0, 0, 0, 0), Payload.of(new byte[] {1}));
    say();
    pass(LATE);
    session.onHalfClosed(now, second);
    drive();
    assertThat(dueIn()).isEqualTo(SILENCE);

    session.request(9);
    drive();

    assertThat(outputs)
        .filteredOn(SessionOutput.Send.class::isInstance)
        .last()
        .satisfies(
            sent ->
                assertThat(((SessionOutput.Send) sent).header())
                    .isEqualTo(FrameHeader.control(TAG, 2, 258, 0)));
    assertThat(dueIn()).isEqualTo(Duration.ZERO);
  }

  @Test
  void firstCallThatIsHalfClosedWithItsHelloWaitsForTheNextAttachment() {
    request(first);
    session.onHalfClosed(now, first);
    pass(Duration.ofMinutes(1));
    assertThat(ends()).isEmpty();

    say();

    assertThat(dueIn()).isEqualTo(FIRST);
    StreamAttachment second = comeBack();
    pass(FIRST);
    assertThat(ends()).isEmpty();
    assertThat(session.state()).isEqualTo(SessionState.ATTACHED);
    assertThat(session.current).isSameAs(second);
  }

  @Test
  void firstCallWhoseClientDoesNotComeAgainEnds() {
    request(first);
    session.onHalfClosed(now, first);
    say();
    pass(FIRST.minusNanos(1));
    assertThat(ends()).isEmpty();

    pass(Duration.ofNanos(1));

    assertThat(ends())
        .containsExactly(new SessionOutput.EndCall(first, AttachmentCloseReason.RESPONSE_HELD));
  }

  @Test
  void clientThatKnowsThatAnswersArriveKeepsItsCall() {
    StreamAttachment second = comeBack();
    session.onHalfClosed(now, second);
    say();

    pass(TIMING.handshake());

    assertThat(ends()).isEmpty();
  }

  @Test
  void clientWhoseResponseWasHeldGetsTheNextOneWithItsFirstMessage() {
    request(first);
    session.onHalfClosed(now, first);
    say();
    pass(FIRST);
    assertThat(ends()).hasSize(1);
    StreamAttachment second = comeBack();
    session.onHalfClosed(now, second);
    assertThat(dueIn()).isEqualTo(IDLE);

    say();

    assertThat(dueIn()).isEqualTo(Duration.ZERO);
  }

  @Test
  void welcomeAloneIsSentOnBeforeTheClientGivesUp() {
    StreamAttachment second = comeBack();
    pass(LATE);
    session.onHalfClosed(now, second);
    assertThat(dueIn()).isEqualTo(IDLE);

    pass(IDLE);

    assertThat(ends())
        .containsExactly(new SessionOutput.EndCall(second, AttachmentCloseReason.RESPONSE_HELD));
  }

  @Test
  void clientThatHasShownTheWelcomeIsHeard() {
    StreamAttachment second = comeBack();
    session.onFrame(now, second, FrameHeader.control(TAG, 0, 300, 0), Payload.EMPTY);
    say();
    pass(LATE);
    session.onHalfClosed(now, second);

    pass(TIMING.handshake());

    assertThat(ends()).isEmpty();
  }

  private ServerSession admit(StreamAttachment attachment, SessionToken token, long watermark) {
    Hello hello =
        new Hello(ID, attachment.number(), TAG, watermark, 1, 256, 0, token.isNone(), token, 0, 0);
    SessionTable.Admission admission =
        table.onHello(now, attachment, hello, CALLER, SessionOptions.DEFAULT);
    return ((SessionTable.Admission.Admitted) admission).session();
  }

  /** The client has got all that was said. */
  private StreamAttachment comeBack() {
    StreamAttachment second = new StreamAttachment(2, TAG, now);
    SessionToken token = ISSUER.issue(ID, CALLER.principal(), CALLER.method(), "");
    assertThat(admit(second, token, session.position())).isSameAs(session);
    drive();
    return second;
  }

  /** The request of a server-streaming call, as a client sends it before the welcome. */
  private void request(StreamAttachment on) {
    session.request(9);
    session.onFrame(now, on, new FrameHeader(TAG, 1, 0, 0, 0, 0, 0, 0), Payload.of(new byte[] {1}));
    drive();
  }

  private void say() {
    assertThat(session.offer(Payload.of(new byte[] {1}))).isTrue();
    drive();
  }

  private Duration dueIn() {
    drive();
    return Duration.ofNanos(session.nextDeadlineNanos().orElseThrow() - now);
  }

  private void pass(Duration time) {
    long end = now + time.toNanos();
    drive();
    OptionalLong due = session.nextDeadlineNanos();
    for (int i = 0; i < 100 && due.isPresent() && due.getAsLong() <= end; i++) {
      now = Math.max(now, due.getAsLong());
      session.onTimeout(now);
      drive();
      due = session.nextDeadlineNanos();
    }
    now = end;
  }

  /** The calls that the server has ended, but for those that newer ones replaced. */
  private List<SessionOutput> ends() {
    drive();
    return outputs.stream()
        .filter(SessionOutput.EndCall.class::isInstance)
        .map(SessionOutput.EndCall.class::cast)
        .filter(end -> end.why() != AttachmentCloseReason.REPLACED)
        .map(SessionOutput.class::cast)
        .toList();
  }

  private void drive() {
    for (SessionOutput next = session.poll(now); next != null; next = session.poll(now)) {
      outputs.add(next);
      if (next instanceof SessionOutput.Deliver message) {
        session.processed(now, message.seq());
      }
    }
  }
}
