package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.DurabilityLevel;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionEnd.SessionEndKind;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.StoreResponse;
import dev.holdfast.streams.session.SessionTable.Admission;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionToken;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is let in, who is not and why; and the ends that only a server sees. */
class SessionTableTest {
  private static final SessionId ID = new SessionId(1, 2);
  private static final Caller CALLER = new Caller("device", "test.Devices/Talk");
  private static final Caller THIEF = new Caller("thief", "test.Devices/Talk");
  private static final SessionTokenIssuer MINT = new SessionTokenIssuer(new byte[16]);
  private static final Duration TTL = SessionOptions.DEFAULT.timing().ttl();

  private long now;
  private final List<SessionOutput> outputs = new ArrayList<>();
  private final SessionTable sessions = sessions("a:1", 2);

  @Test
  void aStolenSessionIdIsUseless() {
    admit(hello(1, SessionToken.NONE));

    assertThat(refused(hello(2, SessionToken.NONE), THIEF))
        .isEqualTo(HandshakeRefusal.RefusalCode.DENIED);
    assertThat(refused(hello(2, token("a:1")), THIEF))
        .isEqualTo(HandshakeRefusal.RefusalCode.DENIED);
    SessionToken other = MINT.issue(ID, CALLER.principal(), "test.Devices/Other", "a:1");
    assertThat(refused(hello(2, other), CALLER)).isEqualTo(HandshakeRefusal.RefusalCode.DENIED);
  }

  @Test
  void aSessionWhoseClientHasItsTokenIsNotGivenToOneWhoHasNone() {
    StreamAttachment first = new StreamAttachment(1, 7, now);
    ServerSession session = admit(first, hello(1, SessionToken.NONE));
    // Its welcome may be lost: until the client shows that it came, the token can't be asked for.
    admit(hello(2, SessionToken.NONE));
    StreamAttachment third = new StreamAttachment(3, 7, now);
    admit(third, hello(3, SessionToken.NONE));
    session.onFrame(now, third, FrameHeader.control(7, 0, 9, 0), Payload.EMPTY);

    assertThat(refused(hello(4, SessionToken.NONE), CALLER))
        .isEqualTo(HandshakeRefusal.RefusalCode.DENIED);
    outputs.clear();
    admit(hello(4, token("a:1")));
    assertThat(outputs).hasAtLeastOneElementOfType(SessionOutput.Accept.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {Flag.FINAL, Flag.DRAIN, Flag.LEAVING, Flag.FINAL | Flag.MOVED})
  void aClientThatSaysWhatOnlyAServerMaySayLosesItsAttachmentAndNothingElse(int flags) {
    StreamAttachment first = new StreamAttachment(1, 7, now);
    ServerSession session = admit(first, hello(1, SessionToken.NONE));
    session.offer(Payload.of(new byte[] {1}));
    drive(session);

    session.onFrame(now, first, new FrameHeader(7, 1, 1, 0, flags, 0, 0, 0), Payload.EMPTY);
    drive(session);

    assertThat(outputs)
        .contains(new SessionOutput.EndCall(first, AttachmentCloseReason.PROTOCOL_ERROR));
    assertThat(session.acked()).isZero();
    assertThat(session.processed()).isZero();
    assertThat(session.state()).isEqualTo(SessionState.DETACHED);
    admit(hello(2, token("a:1")));
    assertThat(session.state()).isEqualTo(SessionState.ATTACHED);
  }

  @Test
  void onlyWhoHasNotSeenTheWelcomeLeavesHeadersOut() {
    StreamAttachment first = new StreamAttachment(1, 7, now);
    ServerSession session = admit(first, hello(1, SessionToken.NONE));
    session.onFrame(now, first, new FrameHeader(7, 1, 0, 0, 0, 0, 0, 0), Payload.EMPTY);
    session.onFrame(now, first, null, Payload.EMPTY);
    drive(session);
    assertThat(session.state()).isEqualTo(SessionState.ATTACHED);

    session.onFrame(now, first, new FrameHeader(7, 3, 0, 0, 0, 0, 0, 0), Payload.EMPTY);
    session.onFrame(now, first, null, Payload.EMPTY);
    drive(session);

    assertThat(outputs)
        .contains(new SessionOutput.EndCall(first, AttachmentCloseReason.PROTOCOL_ERROR));
    assertThat(session.state()).isEqualTo(SessionState.DETACHED);
  }

  @Test
  void aResumeAtAnotherInstanceIsSentToTheOwner() {
    Admission admission = offer(sessions("b:1", 2), hello(2, token("a:1")), CALLER);

    assertThat(admission).isEqualTo(new Admission.Refused(HandshakeRefusal.moved("a:1")));
  }

  @Test
  void aResumeOfASessionThatDiedWithItsInstanceIsUnknown() {
    assertThat(refused(hello(2, token("a:1")), CALLER))
        .isEqualTo(HandshakeRefusal.RefusalCode.UNKNOWN);
  }

  @Test
  void aFirstAttachmentThatMayHaveBroughtMessagesElsewhereBeginsNothing() {
    Hello touched = new Hello(ID, 2, 7, 0, 1, 9, 0, false, SessionToken.NONE);

    assertThat(refused(touched, CALLER)).isEqualTo(HandshakeRefusal.RefusalCode.UNKNOWN);
  }

  @Test
  void theOnlyInstanceBeginsWhatItWouldKnowIfAnybodyDid() {
    Duration up = Duration.ofSeconds(30);
    SessionTable only = onlyInstance();
    now += up.toNanos();

    assertThat(offer(only, touched(1, up.toMillis() - 1), CALLER))
        .isInstanceOf(Admission.Admitted.class);
    Admission unknown =
        new Admission.Refused(HandshakeRefusal.of(HandshakeRefusal.RefusalCode.UNKNOWN));
    assertThat(offer(only, touched(2, up.toMillis()), CALLER)).isEqualTo(unknown);
    assertThat(offer(only, touched(3, 0), CALLER)).isEqualTo(unknown);
    assertThat(offer(sessions, touched(4, 1), CALLER)).isEqualTo(unknown);
  }

  @Test
  void aSessionThatBeganHereWithAnotherCallThanTheOneWithTheMessagesIsUnknown() {
    admit(hello(1, SessionToken.NONE));
    Hello elsewhere = new Hello(ID, 3, 7, 0, 1, 9, 0, false, SessionToken.NONE, 5, 2);
    assertThat(refused(elsewhere, CALLER)).isEqualTo(HandshakeRefusal.RefusalCode.UNKNOWN);

    admit(new Hello(ID, 4, 7, 0, 1, 9, 0, false, SessionToken.NONE, 5, 1));
  }

  @Test
  void theOnlyInstanceBeginsNothingThatItMayHaveForgotten() {
    SessionTable only = onlyInstance();
    now += 10 * TTL.toNanos();

    assertThat(offer(only, touched(1, TTL.toMillis()), CALLER))
        .isEqualTo(
            new Admission.Refused(HandshakeRefusal.of(HandshakeRefusal.RefusalCode.UNKNOWN)));
  }

  private SessionTable onlyInstance() {
    return new SessionTable(
        new SessionTable.ServerIdentity("this start", "", 9).soleSince(now),
        MINT,
        SessionOptions.DEFAULT,
        SessionRules.STANDARD,
        new SplittableRandom(3));
  }

  private static Hello touched(long id, long ageMillis) {
    SessionId session = new SessionId(id, 9);
    return new Hello(session, 2, 7, 0, 1, 9, 0, false, SessionToken.NONE, ageMillis, 1);
  }

  @Test
  void aTokenThatNobodyCanCheckIsOfASessionThatNobodyKnows() {
    SessionToken earlier =
        new SessionTokenIssuer("another start's key".getBytes(StandardCharsets.UTF_8))
            .issue(ID, CALLER.principal(), CALLER.method(), "a:1");
    assertThat(refused(hello(2, earlier), CALLER)).isEqualTo(HandshakeRefusal.RefusalCode.UNKNOWN);

    admit(hello(3, SessionToken.NONE));
    assertThat(refused(hello(4, earlier), CALLER)).isEqualTo(HandshakeRefusal.RefusalCode.DENIED);
  }

  @Test
  void beyondTheLimitNewSessionsAreRefusedAndOldOnesResume() {
    admit(hello(1, SessionToken.NONE));
    admit(new Hello(new SessionId(5, 5), 1, 7, 0, 1, 9, 0, true, SessionToken.NONE));

    Hello third = new Hello(new SessionId(6, 6), 1, 7, 0, 1, 9, 0, true, SessionToken.NONE);
    assertThat(refused(third, CALLER)).isEqualTo(HandshakeRefusal.RefusalCode.BUSY);
    admit(hello(2, token("a:1")));
    assertThat(outputs).hasAtLeastOneElementOfType(SessionOutput.Accept.class);
  }

  @Test
  void inAStormThoseThatExistGoFirstAndAllAreAskedToSpread() {
    admit(hello(1, SessionToken.NONE));
    for (int i = 0; i <= ResumeRate.MAX_QUIET_PER_SECOND; i++) {
      admit(hello(2 + i, token("a:1")));
    }
    assertThat(refused(newcomer(5), CALLER)).isEqualTo(HandshakeRefusal.RefusalCode.BUSY);
    SessionOutput last =
        outputs.stream()
            .filter(SessionOutput.Accept.class::isInstance)
            .reduce((first, second) -> second)
            .orElseThrow();
    assertThat(((SessionOutput.Accept) last).welcome().spreadMillis()).isPositive();

    now += Duration.ofSeconds(3).toNanos();
    admit(newcomer(5));
  }

  @Test
  void onePrincipalCantTakeAllThePlaces() {
    SessionTable.ServerIdentity serverIdentity =
        new SessionTable.ServerIdentity("this start", "a:1", 9, 1);
    SessionTable one =
        new SessionTable(
            serverIdentity,
            MINT,
            SessionOptions.DEFAULT,
            SessionRules.STANDARD,
            new SplittableRandom(3));
    offer(one, newcomer(5), CALLER);

    assertThat(offer(one, newcomer(6), CALLER)).isInstanceOf(Admission.Refused.class);
    assertThat(offer(one, newcomer(7), THIEF)).isInstanceOf(Admission.Admitted.class);
  }

  private static Hello newcomer(long id) {
    return new Hello(new SessionId(id, id), 1, 7, 0, 1, 9, 0, true, SessionToken.NONE);
  }

  @Test
  void anOlderAttachmentThatArrivesLaterIsFenced() {
    admit(hello(5, SessionToken.NONE));
    outputs.clear();
    admit(hello(4, token("a:1")));
    admit(hello(5, token("a:1")));

    assertThat(outputs)
        .allMatch(
            out ->
                out instanceof SessionOutput.Refuse refuse
                    && refuse.refusal().code() == HandshakeRefusal.RefusalCode.FENCED)
        .hasSize(2);
  }

  @Test
  void aClientIsGoneWhenItsTimeIsOverAndNotBefore() {
    StreamAttachment first = new StreamAttachment(1, 7, now);
    ServerSession session = admit(first, hello(1, SessionToken.NONE));
    session.onClosed(now, first, CallClosure.connection());
    now += TTL.toNanos() - 1;
    session.onTimeout(now);
    drive(session);
    assertThat(session.end()).isNull();

    now += 1;
    session.onTimeout(now);
    drive(session);
    assertThat(Objects.requireNonNull(session.end()).kind()).isEqualTo(SessionEndKind.LOST_EXPIRED);
    assertThat(sessions.sessions()).isEmpty();
  }

  @Test
  void aLateResumeHearsThatTheSessionIsOverForAsLongAsItsTime() {
    StreamAttachment first = new StreamAttachment(1, 7, now);
    ServerSession session = admit(first, hello(1, SessionToken.NONE));
    session.onFrame(now, first, FrameHeader.control(7, 0, 0, Flag.CANCEL), Payload.EMPTY);
    drive(session);
    assertThat(Objects.requireNonNull(session.end()).kind()).isEqualTo(SessionEndKind.CANCELLED);
    assertThat(refused(hello(2, token("a:1")), CALLER))
        .isEqualTo(HandshakeRefusal.RefusalCode.EXPIRED);

    now += TTL.toNanos();
    assertThat(refused(hello(3, token("a:1")), CALLER))
        .isEqualTo(HandshakeRefusal.RefusalCode.UNKNOWN);
  }

  @Test
  void theSessionsDeadlineIsTheOneOfItsFirstHello() {
    Hello hurried = new Hello(ID, 1, 7, 0, 1, 9, 5_000, true, SessionToken.NONE);
    StreamAttachment first = new StreamAttachment(1, 7, now);
    ServerSession session = admit(first, hurried);
    session.onClosed(now, first, CallClosure.connection());
    now += Duration.ofSeconds(3).toNanos();
    admit(new Hello(ID, 2, 8, 0, 1, 9, 9_000, false, token("a:1")));
    now += Duration.ofSeconds(2).toNanos();
    session.onTimeout(now);
    drive(session);

    assertThat(Objects.requireNonNull(session.end()).kind()).isEqualTo(SessionEndKind.DEADLINE);
  }

  @Test
  void anInstanceThatLeavesSettlesWhatItWasGivenAndSaysSo() {
    StreamAttachment first = new StreamAttachment(1, 7, now);
    ServerSession session = admit(first, hello(1, SessionToken.NONE));
    session.request(9);
    session.onFrame(now, first, new FrameHeader(7, 1, 0, 0, 0, 0, 0, 0), Payload.EMPTY);
    session.drain(now, true, Duration.ofSeconds(9));
    drive(session);
    FrameHeader settled = new FrameHeader(7, 0, 0, 0, Flag.SETTLED, 1, 0, 0);
    session.onFrame(now, first, settled, Payload.EMPTY);
    drive(session);
    assertThat(session.position()).isZero();

    session.processed(now, 1);
    drive(session);
    SessionOutput last = outputs.get(outputs.size() - 1);
    assertThat(last)
        .isInstanceOfSatisfying(
            SessionOutput.Send.class,
            send -> {
              FrameHeader header = Objects.requireNonNull(send.header());
              assertThat(header.has(Flag.MOVED)).isTrue();
              assertThat(header.ack()).isEqualTo(1);
            });
    session.onFrame(now, first, FrameHeader.control(7, 1, 0, 0), Payload.EMPTY);
    drive(session);
    assertThat(Objects.requireNonNull(session.end()).kind()).isEqualTo(SessionEndKind.MOVED);
  }

  @Test
  void aHelloThatComesBetweenTheEndAndTheRetirementKeepsNoSession() {
    StreamAttachment first = new StreamAttachment(1, 7, now);
    ServerSession session = admit(first, hello(1, SessionToken.NONE));
    session.onFrame(now, first, new FrameHeader(7, 0, 0, 0, Flag.CANCEL, 0, 0, 0), Payload.EMPTY);
    takeOutputs(session);
    assertThat(session.isOver()).isTrue();

    Admission late = offer(sessions, hello(2, token("a:1")), CALLER);
    assertThat(late).isEqualTo(new Admission.Admitted(session));
    assertThat(session.isOver()).isFalse();
    sessions.retire(now, session);

    assertThat(sessions.sessions()).isEmpty();
    outputs.clear();
    takeOutputs(session);
    assertThat(outputs).hasOnlyElementsOfType(SessionOutput.Refuse.class).hasSize(1);
    assertThat(refused(hello(3, token("a:1")), CALLER))
        .isEqualTo(HandshakeRefusal.RefusalCode.EXPIRED);
  }

  @Test
  void aSessionThatAnotherInstanceHasIsNotTakenForOverBeforeItsRetirement() {
    SessionTable durable =
        sessions("a:1", 2, SessionOptions.DEFAULT.withLevel(DurabilityLevel.DURABLE));
    Admission first = offer(durable, hello(1, SessionToken.NONE), CALLER);
    ServerSession session = ((Admission.Admitted) first).session();
    takeOutputs(session);
    StoreRequest claim = ((SessionOutput.Store) outputs.get(outputs.size() - 1)).request();
    session.onStored(now, claim, new StoreResponse.Fenced());
    takeOutputs(session);
    assertThat(session.isOver()).isTrue();

    // Its client comes back from there in this moment.
    Admission back = offer(durable, hello(2, token("")), CALLER);

    assertThat(back).isInstanceOf(Admission.Refused.class);
    assertThat(((Admission.Refused) back).refusal().code())
        .isEqualTo(HandshakeRefusal.RefusalCode.BUSY);
    durable.retire(now, session);
    assertThat(offer(durable, hello(3, token("")), CALLER)).isInstanceOf(Admission.Admitted.class);
  }

  private static SessionTable sessions(String address, int most) {
    return sessions(address, most, SessionOptions.DEFAULT);
  }

  private static SessionTable sessions(String address, int most, SessionOptions options) {
    return new SessionTable(
        new SessionTable.ServerIdentity("this start", address, most),
        MINT,
        options,
        SessionRules.STANDARD,
        new SplittableRandom(3));
  }

  private static SessionToken token(String owner) {
    return MINT.issue(ID, CALLER.principal(), CALLER.method(), owner);
  }

  private static Hello hello(long attach, SessionToken token) {
    return new Hello(ID, attach, 7, 0, 1, 9, 0, true, token);
  }

  private Admission offer(SessionTable to, Hello hello, Caller caller) {
    return to.onHello(now, new StreamAttachment(hello.attach(), hello.tag(), now), hello, caller);
  }

  private HandshakeRefusal.RefusalCode refused(Hello hello, Caller caller) {
    Admission admission = offer(sessions, hello, caller);
    assertThat(admission).isInstanceOf(Admission.Refused.class);
    return ((Admission.Refused) admission).refusal().code();
  }

  private void admit(Hello hello) {
    admit(new StreamAttachment(hello.attach(), hello.tag(), now), hello);
  }

  private ServerSession admit(StreamAttachment attachment, Hello hello) {
    Admission admission = sessions.onHello(now, attachment, hello, CALLER);
    assertThat(admission).isInstanceOf(Admission.Admitted.class);
    ServerSession session = ((Admission.Admitted) admission).session();
    drive(session);
    return session;
  }

  private void drive(ServerSession session) {
    takeOutputs(session);
    sessions.retire(now, session);
  }

  private void takeOutputs(ServerSession session) {
    for (SessionOutput out = session.poll(now); out != null; out = session.poll(now)) {
      outputs.add(out);
    }
  }
}
