package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.session.ClientSession.Peer;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests of what a client says of a one-way method before it is answered, and what follows. */
class OneWayFirstContactTest {
  private static final long SECOND = SessionOptions.DEFAULT.timing().assumePlain().toNanos();

  private final ClientSession session =
      new ClientSession(
          new SessionId(1, 2), SessionOptions.DEFAULT, SessionRules.STANDARD, new Random(1));

  /** Of the attachment that was opened last. */
  private @Nullable Hello hello;

  @ParameterizedTest
  @EnumSource(
      value = Peer.class,
      names = {"UNKNOWN", "LIKELY_PLAIN"})
  void requestOfAServerStreamIsHalfClosedAtOnce(Peer peer) {
    StreamAttachment first = start(peer, MethodKind.SERVER_STREAMING);
    send(1);
    session.halfClose();

    List<SessionOutput> said = outputs(0);

    assertThat(said).hasSize(2);
    assertThat(header(said.get(0)).seq()).isEqualTo(1);
    assertThat(said.get(1)).isEqualTo(new SessionOutput.HalfClose(first));
  }

  @Test
  void welcomeBehindTheHalfCloseOfAServerStreamOpensAnAttachmentForAcks() {
    StreamAttachment first = start(Peer.UNKNOWN, MethodKind.SERVER_STREAMING);
    send(1);
    session.halfClose();
    outputs(0);

    welcome(0, first, 2);

    List<SessionOutput> then = outputs(0);
    assertThat(then).anyMatch(SessionOutput.StartCall.class::isInstance);
    assertThat(then).noneMatch(SessionOutput.Send.class::isInstance);
    assertThat(session.end()).isNull();
  }

  @Test
  void requestSideStaysOpenWhereTheMethodHasFoundSessions() {
    StreamAttachment first = start(Peer.HOLDFAST, MethodKind.SERVER_STREAMING);
    send(1);
    session.halfClose();
    assertThat(outputs(0)).hasSize(1);

    welcome(0, first, 1);

    List<SessionOutput> then = outputs(0);
    assertThat(then).noneMatch(SessionOutput.StartCall.class::isInstance);
    assertThat(then)
        .filteredOn(SessionOutput.Send.class::isInstance)
        .anyMatch(sent -> header(sent).has(Flag.HALF_CLOSE) && header(sent).seq() == 2);
  }

  @Test
  void serverWithoutSessionsWhereSomeWereExpectedGetsItsHalfCloseAfterASecond() {
    StreamAttachment first = start(Peer.HOLDFAST, MethodKind.SERVER_STREAMING);
    send(1);
    session.halfClose();
    outputs(0);

    long due = session.nextDeadlineNanos().orElseThrow();
    session.onTimeout(due);

    assertThat(due).isEqualTo(SECOND);
    assertThat(outputs(due)).containsExactly(new SessionOutput.HalfClose(first));
    // And it may answer as late as it likes.
    long anHour = Duration.ofHours(1).toNanos();
    session.onTimeout(anHour);
    assertThat(outputs(anHour)).isEmpty();
    session.onPlainHeaders(anHour, first);
    assertThat(session.end()).isNull();
  }

  @ParameterizedTest
  @EnumSource(
      value = Peer.class,
      names = {"UNKNOWN", "LIKELY_PLAIN", "HOLDFAST"})
  void clientStreamIsWrittenAtOnceWithItsHalfClose(Peer peer) {
    StreamAttachment first = start(peer, MethodKind.CLIENT_STREAMING);
    send(100);
    session.halfClose();

    List<SessionOutput> said = outputs(0);

    assertThat(said).hasSize(101);
    assertThat(said.get(100)).isEqualTo(new SessionOutput.HalfClose(first));
  }

  @Test
  void answerOfAClientStreamIsReadBeforeAnotherAttachmentAcknowledgesIt() {
    StreamAttachment first = start(Peer.UNKNOWN, MethodKind.CLIENT_STREAMING);
    session.request(2);
    send(3);
    session.halfClose();
    outputs(0);
    welcome(0, first, 4);
    assertThat(outputs(0)).containsExactly(new SessionOutput.Request(first));

    frame(first, new FrameHeader(first.tag(), 1, 4, 0, 0, 0, 0, 0), 5);
    List<SessionOutput> answer = outputs(0);
    assertThat(answer).anyMatch(SessionOutput.Deliver.class::isInstance);
    assertThat(answer).noneMatch(SessionOutput.StartCall.class::isInstance);
    frame(first, new FrameHeader(first.tag(), 2, 4, 0, Flag.FINAL, 0, 0, 0), 0);
    session.processed(0, 1);

    long due = 0;
    List<SessionOutput> then = outputs(0);
    for (int i = 0;
        i < 3 && then.stream().noneMatch(SessionOutput.StartCall.class::isInstance);
        i++) {
      due = session.nextDeadlineNanos().orElseThrow();
      session.onTimeout(due);
      then = outputs(due);
    }
    assertThat(Objects.requireNonNull(session.end()).kind())
        .isEqualTo(SessionEnd.SessionEndKind.FINISHED);
    assertThat(due).isLessThanOrEqualTo(SessionOptions.DEFAULT.timing().ackDelay().toNanos());
    assertThat(then)
        .filteredOn(SessionOutput.StartCall.class::isInstance)
        .map(output -> ((SessionOutput.StartCall) output).hello().watermark())
        .containsExactly(2L);
  }

  @Test
  void halfCloseOfAClientStreamWithoutMessagesIsSaidOnAnotherAttachment() {
    StreamAttachment first = start(Peer.UNKNOWN, MethodKind.CLIENT_STREAMING);
    session.halfClose();
    assertThat(outputs(0)).containsExactly(new SessionOutput.HalfClose(first));

    welcome(0, first, 0);

    StreamAttachment second = opened(outputs(0));
    welcome(0, second, 0);
    assertThat(outputs(0))
        .filteredOn(SessionOutput.Send.class::isInstance)
        .anyMatch(sent -> header(sent).has(Flag.HALF_CLOSE) && header(sent).seq() == 1);
  }

  @Test
  void fullBufferTakesAServerForAPlainOneAtOnceOnlyWhereTheLastOneWas() {
    start(Peer.LIKELY_PLAIN, MethodKind.CLIENT_STREAMING);
    send(SessionOptions.DEFAULT.sendMessages());
    outputs(0);
    assertThat(session.isReady()).isTrue();
  }

  @Test
  void unknownServerHasASecondUntilAFullBufferMakesItAPlainOne() {
    start(Peer.UNKNOWN, MethodKind.CLIENT_STREAMING);
    send(SessionOptions.DEFAULT.sendMessages());
    outputs(0);
    assertThat(session.isReady()).isFalse();

    long due = session.nextDeadlineNanos().orElseThrow();
    session.onTimeout(due);
    outputs(due);

    assertThat(due).isEqualTo(SECOND);
    assertThat(session.isReady()).isTrue();
  }

  @ParameterizedTest
  @EnumSource(
      value = MethodKind.class,
      names = {"SERVER_STREAMING", "CLIENT_STREAMING"})
  void cutOfACallThatWasSilentForASecondIsToldAtOnce(MethodKind kind) {
    StreamAttachment first = start(Peer.UNKNOWN, kind);
    send(1);
    outputs(0);

    session.onClosed(SECOND, first, CallClosure.connection());

    SessionEnd end = Objects.requireNonNull(session.end());
    assertThat(end.kind()).isEqualTo(SessionEnd.SessionEndKind.PLAIN);
    assertThat(end.status()).isEqualTo(CallClosure.UNAVAILABLE);
  }

  @Test
  void cutBeforeThatIsOneOfAServerThatMayKnowTheSession() {
    StreamAttachment first = start(Peer.UNKNOWN, MethodKind.SERVER_STREAMING);
    send(1);
    session.halfClose();
    outputs(0);

    session.onClosed(SECOND / 2, first, CallClosure.connection());
    outputs(SECOND / 2);
    long due = session.nextDeadlineNanos().orElseThrow();
    session.onTimeout(due);

    StreamAttachment second = opened(outputs(due));
    welcome(due, second, 2);
    assertThat(session.end()).isNull();
    assertThat(session.acked()).isEqualTo(2);
  }

  @Test
  void cancelEndsTheCallOfAnUnansweredServerStream() {
    StreamAttachment first = start(Peer.LIKELY_PLAIN, MethodKind.SERVER_STREAMING);
    send(1);
    session.halfClose();
    outputs(0);

    session.cancel(1);

    assertThat(outputs(1))
        .contains(new SessionOutput.EndCall(first, AttachmentCloseReason.UNNEEDED));
  }

  @Test
  void cancelBehindTheHalfCloseIsSaidOnAnotherAttachment() {
    StreamAttachment first = start(Peer.UNKNOWN, MethodKind.CLIENT_STREAMING);
    send(1);
    session.halfClose();
    outputs(0);
    welcome(0, first, 0);
    outputs(0);

    session.cancel(1);

    StreamAttachment second = opened(outputs(1));
    welcome(1, second, 2);
    assertThat(outputs(1))
        .filteredOn(SessionOutput.Send.class::isInstance)
        .anyMatch(sent -> header(sent).has(Flag.CANCEL));
  }

  @Test
  void laterAttachmentOfAServerStreamIsHalfClosedWhereNothingElseIsAnswered() {
    long now = answeredTwiceBehindTheHalfClose();

    List<SessionOutput> third = outputs(now);
    assertThat(third).contains(new SessionOutput.HalfClose(opened(third)));
  }

  /** A server stream two of whose silent attachments were answered; another one is due. */
  private long answeredTwiceBehindTheHalfClose() {
    StreamAttachment first = start(Peer.UNKNOWN, MethodKind.SERVER_STREAMING);
    send(1);
    session.halfClose();
    outputs(0);
    welcome(0, first, 2);
    long now = 0;

    for (int proofs = 0; proofs < 2; proofs++) {
      StreamAttachment silent = opened(outputs(now));
      now = session.nextDeadlineNanos().orElseThrow();
      session.onTimeout(now);
      assertThat(outputs(now)).containsExactly(new SessionOutput.HalfClose(silent));
      welcome(now, silent, 2);
      outputs(now);
      session.onDrain(now, silent);
    }
    return now;
  }

  /** A path that was slow, and is so no more, would be gone for ever as one of such a hop. */
  @Test
  void silenceIsWaitedForAgainAfterAMinute() {
    long now = answeredTwiceBehindTheHalfClose();

    List<SessionOutput> third = outputs(now);
    assertThat(third).contains(new SessionOutput.HalfClose(opened(third)));
    welcome(now, opened(third), 2);
    outputs(now);
    now += Duration.ofMinutes(1).toNanos();
    session.onDrain(now, Objects.requireNonNull(session.current));

    List<SessionOutput> fourth = outputs(now);
    assertThat(fourth).noneMatch(SessionOutput.HalfClose.class::isInstance);
    session.onTimeout(now + SECOND);
    assertThat(outputs(now + SECOND)).containsExactly(new SessionOutput.HalfClose(opened(fourth)));
  }

  /** A server whose buffer is smaller than half of the window waits for them. */
  @Test
  void acksThatAreDueByNumberComeWithAnotherAttachmentWhenTheServerStops() {
    StreamAttachment first = start(Peer.UNKNOWN, MethodKind.SERVER_STREAMING);
    session.request(1_000);
    send(1);
    session.halfClose();
    outputs(0);
    welcome(0, first, 2);
    // The first message shows that messages are small, so that the next attachment gives credit.
    long now = welcomeBehindHalfClose(opened(outputs(0)));
    StreamAttachment carrying = opened(receive(now, Objects.requireNonNull(session.current), 1));
    now = welcomeBehindHalfClose(carrying);

    int every = SessionOptions.DEFAULT.ackEvery();
    for (int seq = 2; seq <= every; seq++) {
      assertThat(receive(now, carrying, seq)).noneMatch(SessionOutput.StartCall.class::isInstance);
    }
    long due = session.nextDeadlineNanos().orElseThrow();
    session.onTimeout(due);

    opened(outputs(due));
    assertThat(due - now).isEqualTo(SessionOptions.DEFAULT.timing().ackDelay().toNanos());
    assertThat(Objects.requireNonNull(hello).watermark()).isEqualTo(every);
  }

  /** Half-closes a later attachment for its silence and welcomes it then. */
  private long welcomeBehindHalfClose(StreamAttachment silent) {
    long now = session.nextDeadlineNanos().orElseThrow();
    session.onTimeout(now);
    assertThat(outputs(now)).containsExactly(new SessionOutput.HalfClose(silent));
    welcome(now, silent, 2);
    outputs(now);
    return now;
  }

  /** A small message, which the application processes at once. */
  private List<SessionOutput> receive(long now, StreamAttachment on, long seq) {
    session.onFrame(
        now, on, new FrameHeader(on.tag(), seq, 2, 0, 0, 0, 0, 0), Payload.of(new byte[] {1}));
    List<SessionOutput> all = outputs(now);
    session.processed(now, seq);
    all.addAll(outputs(now));
    return all;
  }

  @Test
  void attachmentThatHasSomethingToSayIsNotHalfClosedForItsSilence() {
    StreamAttachment first = start(Peer.UNKNOWN, MethodKind.SERVER_STREAMING);
    send(1);
    session.halfClose();
    outputs(0);
    welcome(0, first, 2);
    outputs(0);

    session.cancel(1);

    assertThat(session.nextDeadlineNanos().orElseThrow()).isGreaterThan(SECOND);
    session.onTimeout(2 * SECOND);
    assertThat(outputs(2 * SECOND)).noneMatch(SessionOutput.HalfClose.class::isInstance);
  }

  @Test
  void serverHoldsWhoWasNotWelcomedToNoCredit() {
    SessionTable table =
        new SessionTable(
            new SessionTable.ServerIdentity("a", "", 10),
            new SessionTokenIssuer(new byte[32]),
            SessionOptions.DEFAULT,
            SessionRules.STANDARD,
            new Random(1));
    StreamAttachment first = start(Peer.UNKNOWN, MethodKind.CLIENT_STREAMING);
    StreamAttachment there = new StreamAttachment(1, first.tag(), 0);
    SessionTable.Admission admission =
        table.onHello(
            0, there, Objects.requireNonNull(hello), new Caller("", "m"), SessionOptions.DEFAULT);
    ServerSession server = ((SessionTable.Admission.Admitted) admission).session();
    send(100);

    for (SessionOutput output : outputs(0)) {
      SessionOutput.Send sent = (SessionOutput.Send) output;
      server.onFrame(0, there, sent.header(), sent.body());
    }
    List<SessionOutput> done = new ArrayList<>();
    for (SessionOutput next = server.poll(0); next != null; next = server.poll(0)) {
      done.add(next);
    }

    assertThat(done).noneMatch(SessionOutput.EndCall.class::isInstance);
    server.request(1_000);
    int delivered = 0;
    for (SessionOutput next = server.poll(0); next != null; next = server.poll(0)) {
      delivered += next instanceof SessionOutput.Deliver ? 1 : 0;
    }
    assertThat(delivered).isEqualTo(100);
  }

  private StreamAttachment start(Peer peer, MethodKind kind) {
    session.start(0, Duration.ZERO, peer, kind);
    return opened(outputs(0));
  }

  private StreamAttachment opened(List<SessionOutput> outputs) {
    SessionOutput.StartCall call =
        outputs.stream()
            .filter(SessionOutput.StartCall.class::isInstance)
            .map(SessionOutput.StartCall.class::cast)
            .findFirst()
            .orElseThrow();
    hello = call.hello();
    return call.attachment();
  }

  private void send(int messages) {
    for (int i = 0; i < messages; i++) {
      assertThat(session.offer(Payload.of(new byte[] {1}))).isTrue();
    }
  }

  private void welcome(long nowNanos, StreamAttachment attachment, long watermark) {
    session.onWelcome(
        nowNanos,
        attachment,
        new Welcome(
            new SessionTokenIssuer(new byte[32]).issue(session.id(), "", "m", ""),
            watermark,
            1,
            watermark + 16,
            60_000,
            0,
            0,
            0));
  }

  private void frame(StreamAttachment on, FrameHeader header, int bytes) {
    session.onFrame(0, on, header, Payload.of(new byte[bytes]));
  }

  private static FrameHeader header(SessionOutput output) {
    return Objects.requireNonNull(((SessionOutput.Send) output).header());
  }

  private List<SessionOutput> outputs(long nowNanos) {
    List<SessionOutput> all = new ArrayList<>();
    for (SessionOutput next = session.poll(nowNanos); next != null; next = session.poll(nowNanos)) {
      all.add(next);
    }
    return all;
  }
}
