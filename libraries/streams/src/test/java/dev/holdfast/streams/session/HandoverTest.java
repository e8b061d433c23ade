package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionEnd.SessionEndKind;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.session.SessionTable.Admission;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.HandshakeRefusal.RefusalCode;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.SessionHandover;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionToken;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import dev.holdfast.streams.wire.WireException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A session that one instance hands over and another one takes. */
class HandoverTest {
  private static final SessionId ID = new SessionId(1, 2);
  private static final Caller CALLER = new Caller("device", "test.Devices/Talk");
  private static final Caller THIEF = new Caller("thief", "test.Devices/Talk");
  private static final byte[] CURSOR = {4, 2};
  private static final byte[] OTHER_KEY = "another key 1234".getBytes(StandardCharsets.US_ASCII);
  private static final Duration GRACE = Duration.ofSeconds(9);

  private long now;
  private final List<SessionOutput> outputs = new ArrayList<>();
  private final SessionTable old = sessions("a:1", new byte[16]);
  private final SessionTable next = sessions("b:1", new byte[16]);
  private final StreamAttachment first = new StreamAttachment(1, 7, now);

  @Test
  void handlerEndsBeforeTheClientHearsOfTheHandOver() throws WireException {
    SessionHandover handover = handOver(SessionHandover.OFFER);

    assertThat(handover.cursor()).isEqualTo(CURSOR);
    assertThat(handover.position()).isEqualTo(2);
    assertThat(handover.processed()).isEqualTo(1);
    int ended = index(SessionOutput.Ended.class);
    assertThat(ended).isNotNegative().isLessThan(outputs.indexOf(last()));
  }

  @Test
  void clientOfAnEarlierVersionIsToldMovedAsEver() {
    leave(begin(old, null));

    assertThat(last().body().sizeBytes()).isZero();
    assertThat(Objects.requireNonNull(last().header()).has(Flag.MOVED)).isTrue();
  }

  @Test
  void sessionIsNotHandedOverWithAMessageBehindItsCursor() {
    ServerSession session = begin(old, SessionHandover.OFFER);
    session.offer(Payload.of(new byte[] {2}));
    drive(old, session);
    leave(session);
    assertThat(last()).extracting(SessionOutput.Send::header).matches(h -> !moved(h));

    now += GRACE.toNanos();
    session.onTimeout(now);
    drive(old, session);

    assertThat(moved(last().header())).isTrue();
    assertThat(last().body().sizeBytes()).isZero();
  }

  @Test
  void cursorThatComesLateIsWaitedFor() throws WireException {
    ServerSession session = begin(old, SessionHandover.OFFER);
    session.offer(Payload.of(new byte[] {2}));
    drive(old, session);
    leave(session);

    assertThat(session.mark(now, new byte[] {5}, 1, false)).isTrue();
    drive(old, session);

    assertThat(SessionHandover.parse(last().body().toByteArray()).position()).isEqualTo(3);
  }

  @Test
  void nextHandlerStartsWithTheFirstFrameAndItsCursor() throws WireException {
    SessionHandover handover = handOver(SessionHandover.OFFER);
    outputs.clear();
    StreamAttachment second = new StreamAttachment(2, 8, now);
    ServerSession taken = admitted(next, second, taking(2), handover);
    assertThat(outputs).noneMatch(SessionOutput.StartHandler.class::isInstance);

    taken.onFrame(now, second, new FrameHeader(8, 0, 0, 0, 0, 0, 0, 1), Payload.EMPTY);
    drive(next, taken);

    SessionOutput.StartHandler start =
        (SessionOutput.StartHandler) outputs.get(index(SessionOutput.StartHandler.class));
    assertThat(start.resumedFrom()).isEqualTo(1);
    assertThat(start.position()).isEqualTo(1);
    assertThat(taken.cursor()).hasValueSatisfying(bytes -> assertThat(bytes).isEqualTo(CURSOR));
  }

  @Test
  void targetThatDiesHalfWayLeavesTheSessionToAThirdInstance() throws WireException {
    SessionHandover handover = handOver(SessionHandover.OFFER);
    ServerSession halfWay = admitted(next, new StreamAttachment(2, 8, now), taking(2), handover);
    outputs.clear();

    SessionTable third = sessions("c:1", new byte[16]);
    StreamAttachment again = new StreamAttachment(3, 9, now);
    ServerSession taken = admitted(third, again, taking(3), handover);
    taken.onFrame(now, again, new FrameHeader(9, 0, 0, 0, 0, 0, 0, 1), Payload.EMPTY);
    drive(third, taken);
    halfWay.drain(now, true, Duration.ZERO);
    halfWay.onTimeout(now);
    drive(next, halfWay);

    assertThat(outputs.stream().filter(SessionOutput.StartHandler.class::isInstance)).hasSize(1);
  }

  @Test
  void forgedHandOversAreDenied() throws WireException {
    SessionHandover handover = handOver(SessionHandover.OFFER);
    byte[] changed = handover.toByteArray();
    changed[indexOf(changed, CURSOR)]++;
    StreamAttachment second = new StreamAttachment(2, 8, now);

    assertThat(refused(next, second, SessionHandover.parse(changed), CALLER))
        .isEqualTo(RefusalCode.DENIED);
    assertThat(refused(next, second, handover, THIEF)).isEqualTo(RefusalCode.DENIED);
    assertThat(refused(sessions("c:1", OTHER_KEY), second, handover, CALLER))
        .isEqualTo(RefusalCode.DENIED);
  }

  @Test
  void sessionThatComesBackIsBegunAgainOnceItsEndIsSettled() throws WireException {
    SessionHandover handover = handOver(SessionHandover.OFFER);
    ServerSession gone = old.sessions().iterator().next();
    StreamAttachment second = new StreamAttachment(2, 8, now);

    assertThat(refused(old, second, handover, CALLER)).isEqualTo(RefusalCode.BUSY);
    drive(old, gone);

    assertThat(Objects.requireNonNull(gone.end()).kind()).isEqualTo(SessionEndKind.MOVED);
    assertThat(old.sessions()).isEmpty();
    old.admitAgain();
    admitted(old, second, taking(2), handover);
  }

  @Test
  void sessionOfAnEarlierHandOverWhoseWelcomeWasLostGivesWayToTheNextOne() throws WireException {
    SessionHandover handover = handOver(SessionHandover.OFFER);
    outputs.clear();
    ServerSession unheard = admitted(next, new StreamAttachment(2, 8, now), taking(2), handover);
    // A third instance took it, and sends it on four messages later.
    SessionHandover later =
        new SessionTokenIssuer(new byte[16])
            .seal(
                SessionHandover.of(6, 5, 2, false, false, CURSOR),
                ID,
                CALLER.principal(),
                CALLER.method());
    StreamAttachment fourth = new StreamAttachment(4, 10, now);
    Hello hello = new Hello(ID, 4, 10, 6, 6, 15, 0, false, SessionToken.NONE);

    Admission busy = next.onHello(now, fourth, hello, CALLER, SessionOptions.DEFAULT, later);
    assertThat(((Admission.Refused) busy).refusal().code()).isEqualTo(RefusalCode.BUSY);
    drive(next, unheard);
    assertThat(outputs).noneMatch(SessionOutput.StartHandler.class::isInstance);
    assertThat(next.sessions()).isEmpty();

    ServerSession taken = admitted(next, fourth, hello, later);
    taken.onFrame(now, fourth, new FrameHeader(10, 0, 0, 0, 0, 0, 0, 1), Payload.EMPTY);
    drive(next, taken);
    assertThat(outputs)
        .filteredOn(SessionOutput.StartHandler.class::isInstance)
        .singleElement()
        .extracting(start -> ((SessionOutput.StartHandler) start).resumedFrom())
        .isEqualTo(5L);
  }

  @Test
  void instanceThatLeavesTakesNothingOver() throws WireException {
    SessionHandover handover = handOver(SessionHandover.OFFER);
    next.drain();

    assertThat(refused(next, new StreamAttachment(2, 8, now), handover, CALLER))
        .isEqualTo(RefusalCode.BUSY);
  }

  @Test
  void sessionThatIsToMoveIsHandedOverAtOnceWhenItsCursorIsCurrent() throws WireException {
    ServerSession session = begin(old, SessionHandover.OFFER);
    session.move(now);
    drive(old, session);

    assertThat(SessionHandover.parse(last().body().toByteArray()).position()).isEqualTo(2);
    assertThat(session.isMovedAway()).isTrue();
    int ended = index(SessionOutput.Ended.class);
    assertThat(ended).isNotNegative().isLessThan(outputs.indexOf(last()));
    assertThat(flags() & Flag.LEAVING).as("its client need not stop").isZero();
  }

  @Test
  void messagesThatNoHandlerWasGivenStayWithTheClientOfAMove() throws WireException {
    ServerSession session = begin(old, SessionHandover.OFFER, 2);
    session.onFrame(now, first, new FrameHeader(7, 2, 0, 0, 0, 0, 0, 0), Payload.EMPTY);
    session.onFrame(now, first, new FrameHeader(7, 3, 0, 0, 0, 0, 0, 0), Payload.EMPTY);
    drive(old, session);
    session.move(now);
    drive(old, session);
    assertThat(moved(last().header())).as("the second one is being handled").isFalse();

    session.mark(now, CURSOR, 2, false);
    session.processed(now, 2);
    drive(old, session);

    SessionHandover handover = SessionHandover.parse(last().body().toByteArray());
    assertThat(handover.processed()).isEqualTo(2);
    assertThat(outputs.stream().filter(SessionOutput.Deliver.class::isInstance)).hasSize(2);
  }

  @Test
  void sessionThatIsToMoveWaitsForItsCursor() throws WireException {
    ServerSession session = begin(old, SessionHandover.OFFER);
    session.offer(Payload.of(new byte[] {2}));
    session.move(now);
    drive(old, session);
    assertThat(moved(last().header())).isFalse();

    assertThat(session.mark(now, new byte[] {5}, 1, false)).isTrue();
    drive(old, session);

    assertThat(SessionHandover.parse(last().body().toByteArray()).position()).isEqualTo(3);
  }

  @Test
  void sessionWhoseCursorDoesNotComeInTimeStaysAndGoesOn() {
    ServerSession session = begin(old, SessionHandover.OFFER);
    session.offer(Payload.of(new byte[] {2}));
    session.move(now);
    drive(old, session);
    now += SessionMove.CURSOR_PATIENCE.toNanos();

    assertThat(session.mark(now, new byte[] {5}, 1, false)).isFalse();
    session.onFrame(now, first, new FrameHeader(7, 2, 0, 0, 0, 0, 0, 0), Payload.EMPTY);
    drive(old, session);

    assertThat(session.end()).isNull();
    assertThat(outputs.stream().filter(SessionOutput.Deliver.class::isInstance)).hasSize(2);
    assertThat(session.isMovable()).as("it may be asked again").isTrue();
  }

  @Test
  void sessionThatLosesItsConnectionBeforeItsCursorStays() {
    ServerSession session = begin(old, SessionHandover.OFFER);
    session.offer(Payload.of(new byte[] {2}));
    session.move(now);
    drive(old, session);
    session.onClosed(now, first, CallClosure.connection());

    assertThat(session.mark(now, new byte[] {5}, 1, false)).isFalse();
    assertThat(session.isMovable()).isFalse();
  }

  @Test
  void sessionOfAClientThatTakesNoHandOverStays() {
    ServerSession session = begin(old, null);
    assertThat(session.isMovable()).isFalse();
    session.move(now);
    drive(old, session);

    assertThat(session.end()).isNull();
    assertThat(moved(last().header())).isFalse();
  }

  @Test
  void handlerWithoutACursorBeginsAnewWhereItsMethodMayBeCalledAgain() throws WireException {
    ServerSession session = process(old, SessionHandover.OFFER);
    session.allowRestart();
    leave(session);
    SessionHandover handover = SessionHandover.parse(last().body().toByteArray());
    assertThat(handover.restarts()).isTrue();
    assertThat(handover.messages()).isEqualTo(1);
    assertThat(handover.processed()).isZero();
    outputs.clear();

    StreamAttachment second = new StreamAttachment(2, 8, now);
    Hello hello = new Hello(ID, 2, 8, 2, 1, 9, 0, false, SessionToken.NONE);
    ServerSession taken = admitted(next, second, hello, handover);
    taken.request(9);
    taken.onFrame(now, second, new FrameHeader(8, 1, 0, 0, 0, 0, 0, 0), Payload.EMPTY);
    drive(next, taken);

    SessionOutput.StartHandler start =
        (SessionOutput.StartHandler) outputs.get(index(SessionOutput.StartHandler.class));
    assertThat(start.position()).isZero();
    assertThat(taken.cursor()).isEmpty();
    assertThat(outputs).hasAtLeastOneElementOfType(SessionOutput.Deliver.class);
  }

  @Test
  void handlerWithACursorIsNotCalledAnewBehindIt() {
    ServerSession session = begin(old, SessionHandover.OFFER);
    session.allowRestart();
    session.offer(Payload.of(new byte[] {2}));
    leave(session);

    now += GRACE.toNanos();
    session.onTimeout(now);
    drive(old, session);

    assertThat(moved(last().header())).isTrue();
    assertThat(last().body().sizeBytes()).isZero();
  }

  @Test
  void clientThatHasSentItsOneRequestNeedNotConfirm() throws WireException {
    ServerSession session = processRequest();
    session.expectOneRequest();
    session.drain(now, true, GRACE);
    drive(old, session);

    SessionHandover handover = SessionHandover.parse(last().body().toByteArray());
    assertThat(handover.isHalfClosed()).isTrue();
    assertThat(handover.cursor()).isEqualTo(CURSOR);
  }

  @Test
  void clientThatMaySendMoreIsWaitedFor() {
    ServerSession session = processRequest();
    session.drain(now, true, GRACE);
    drive(old, session);

    assertThat(outputs)
        .filteredOn(SessionOutput.Send.class::isInstance)
        .noneMatch(output -> moved(((SessionOutput.Send) output).header()));
  }

  /** A session whose handler has processed the client's messages to the end. */
  private ServerSession processRequest() {
    ServerSession session = begin(old, SessionHandover.OFFER);
    FrameHeader end = new FrameHeader(7, 2, 0, 0, Flag.HALF_CLOSE, 0, 0, 0);
    session.onFrame(now, first, end, Payload.EMPTY);
    drive(old, session);
    assertThat(session.mark(now, CURSOR, 2, false)).isFalse();
    return session;
  }

  /** A session whose handler has processed a message, sent one and marked a cursor. */
  private ServerSession begin(SessionTable at, @Nullable SessionHandover offer) {
    return begin(at, offer, 9);
  }

  private ServerSession begin(SessionTable at, @Nullable SessionHandover offer, int requested) {
    ServerSession session = process(at, offer, requested);
    assertThat(session.mark(now, CURSOR, 1, false)).isFalse();
    drive(at, session);
    return session;
  }

  private ServerSession process(SessionTable at, @Nullable SessionHandover offer) {
    return process(at, offer, 9);
  }

  /** A session whose handler has processed a message and sent one. */
  private ServerSession process(SessionTable at, @Nullable SessionHandover offer, int requested) {
    Hello hello = new Hello(ID, 1, 7, 0, 1, 9, 0, true, SessionToken.NONE);
    ServerSession session = admitted(at, first, hello, offer);
    session.request(requested);
    session.onFrame(now, first, new FrameHeader(7, 1, 0, 0, 0, 0, 0, 0), Payload.EMPTY);
    session.offer(Payload.of(new byte[] {1}));
    drive(at, session);
    session.processed(now, 1);
    drive(at, session);
    return session;
  }

  private void leave(ServerSession session) {
    old.drain();
    session.drain(now, true, GRACE);
    drive(old, session);
    FrameHeader settled = new FrameHeader(7, 0, 0, 0, Flag.SETTLED, 1, 0, 0);
    session.onFrame(now, first, settled, Payload.EMPTY);
    drive(old, session);
  }

  private SessionHandover handOver(SessionHandover offer) throws WireException {
    leave(begin(old, offer));
    return SessionHandover.parse(last().body().toByteArray());
  }

  private Hello taking(long attach) {
    return new Hello(ID, attach, 6 + attach, 2, 2, 9, 0, false, SessionToken.NONE);
  }

  private SessionOutput.Send last() {
    return outputs.stream()
        .filter(SessionOutput.Send.class::isInstance)
        .map(SessionOutput.Send.class::cast)
        .reduce((before, after) -> after)
        .orElseThrow();
  }

  private int flags() {
    return outputs.stream()
        .filter(SessionOutput.Send.class::isInstance)
        .map(output -> ((SessionOutput.Send) output).header())
        .filter(Objects::nonNull)
        .mapToInt(FrameHeader::flags)
        .reduce(0, (some, more) -> some | more);
  }

  private static boolean moved(@Nullable FrameHeader header) {
    return header != null && header.has(Flag.MOVED);
  }

  private int index(Class<? extends SessionOutput> type) {
    for (int i = 0; i < outputs.size(); i++) {
      if (type.isInstance(outputs.get(i))) {
        return i;
      }
    }
    return -1;
  }

  private static int indexOf(byte[] bytes, byte[] part) {
    for (int i = 0; i < bytes.length - 1; i++) {
      if (bytes[i] == part[0] && bytes[i + 1] == part[1]) {
        return i;
      }
    }
    throw new AssertionError("the cursor is not there");
  }

  private static SessionTable sessions(String address, byte[] key) {
    return new SessionTable(
        new SessionTable.ServerIdentity("this start", address, 2),
        new SessionTokenIssuer(key),
        SessionOptions.DEFAULT,
        SessionRules.STANDARD,
        new SplittableRandom(3));
  }

  private HandshakeRefusal.RefusalCode refused(
      SessionTable at, StreamAttachment attachment, SessionHandover handover, Caller caller) {
    Admission admission =
        at.onHello(
            now, attachment, taking(attachment.number()), caller, SessionOptions.DEFAULT, handover);
    assertThat(admission).isInstanceOf(Admission.Refused.class);
    return ((Admission.Refused) admission).refusal().code();
  }

  private ServerSession admitted(
      SessionTable at,
      StreamAttachment attachment,
      Hello hello,
      @Nullable SessionHandover handover) {
    Admission admission =
        at.onHello(now, attachment, hello, CALLER, SessionOptions.DEFAULT, handover);
    assertThat(admission).isInstanceOf(Admission.Admitted.class);
    ServerSession session = ((Admission.Admitted) admission).session();
    drive(at, session);
    return session;
  }

  private void drive(SessionTable at, ServerSession session) {
    for (SessionOutput out = session.poll(now); out != null; out = session.poll(now)) {
      outputs.add(out);
    }
    at.retire(now, session);
  }
}
