package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionToken;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A peer without sessions says nothing until its application does. */
class SilentPlainPeerTest {
  private static final long AN_HOUR = Duration.ofHours(1).toNanos();

  @Test
  void firstAttachmentIsNotGivenUpWhileItMayBeAPlainPeers() {
    ClientSession session = started();
    offer(session, 1);
    session.halfClose();
    outputs(session, 0);

    session.onTimeout(Duration.ofSeconds(2).toNanos());
    outputs(session, Duration.ofSeconds(2).toNanos());
    session.onTimeout(AN_HOUR);

    assertThat(outputs(session, AN_HOUR)).isEmpty();
    assertThat(session.end()).isNull();
  }

  @Test
  void welcomeThatComesAfterThePeerWasTakenForPlainLosesNothing() {
    ClientSession session = started();
    StreamAttachment first = opened(session);
    int messages = SessionOptions.DEFAULT.sendMessages();
    offer(session, messages);
    outputs(session, 0);
    long late = Duration.ofSeconds(5).toNanos();
    session.onTimeout(late);
    outputs(session, late);

    session.onWelcome(
        late,
        first,
        new Welcome(
            new SessionTokenIssuer(new byte[32]).issue(session.id(), "", "m", ""),
            0,
            1,
            messages + 1,
            60_000,
            16,
            50,
            0));
    assertThat(session.end()).isNull();
    assertThat(session.state()).isEqualTo(SessionState.ATTACHED);
    offer(session, 1);
    assertThat(outputs(session, late))
        .filteredOn(SessionOutput.Send.class::isInstance)
        .map(SessionOutput.Send.class::cast)
        .anyMatch(send -> send.header() != null && send.header().seq() == messages + 1);
  }

  @Test
  void cutOfASlowServerThatWasTakenForAPlainOneLosesNothing() {
    ClientSession session = started();
    StreamAttachment first = opened(session);
    int messages = SessionOptions.DEFAULT.sendMessages();
    offer(session, messages);
    long late = Duration.ofSeconds(5).toNanos();
    session.onTimeout(late);
    assertThat(outputs(session, late)).hasSizeGreaterThanOrEqualTo(messages - 16);
    SessionToken token = new SessionTokenIssuer(new byte[32]).issue(session.id(), "", "m", "");
    session.onWelcome(late, first, new Welcome(token, 0, 1, 16, 60_000, 16, 50, 0));
    session.onClosed(late, first, CallClosure.connection());
    outputs(session, late);
    long later = session.nextDeadlineNanos().orElseThrow();
    session.onTimeout(later);
    StreamAttachment second = opened(session);
    session.onWelcome(later, second, new Welcome(token, 3, 1, 16, 60_000, 16, 50, 0));

    assertThat(session.end()).isNull();
    assertThat(outputs(session, later))
        .filteredOn(SessionOutput.Send.class::isInstance)
        .map(output -> ((SessionOutput.Send) output).header())
        .allMatch(header -> header != null && header.seq() > 3)
        .hasSize(13);
  }

  @Test
  void aHalfCloseThatWasSaidByEndingTheRequestSideCountsAsSent() {
    ClientSession session = started();
    StreamAttachment first = opened(session);
    offer(session, 3);
    session.halfClose();
    outputs(session, 0);
    long now = session.nextDeadlineNanos().orElseThrow();
    session.onTimeout(now);
    assertThat(outputs(session, now)).contains(new SessionOutput.HalfClose(first));
    // Its server was a slow one with sessions, and its welcome is lost with the connection.
    session.onClosed(now, first, CallClosure.connection());
    outputs(session, now);
    long later = session.nextDeadlineNanos().orElseThrow();
    session.onTimeout(later);
    StreamAttachment second = opened(session);

    SessionToken token = new SessionTokenIssuer(new byte[32]).issue(session.id(), "", "m", "");
    session.onWelcome(later, second, new Welcome(token, 4, 1, 16, 60_000, 16, 50, 0));

    assertThat(session.end()).isNull();
    assertThat(session.state()).isEqualTo(SessionState.ATTACHED);
    assertThat(session.acked()).isEqualTo(4);
  }

  @Test
  void aPeerThatStaysSilentAtAFullBufferIsAPlainOne() {
    ClientSession session = started();
    offer(session, SessionOptions.DEFAULT.sendMessages());
    outputs(session, 0);
    long now = 0;
    for (int i = 0; i < 3 && !session.isReady(); i++) {
      now = session.nextDeadlineNanos().orElseThrow();
      session.onTimeout(now);
      outputs(session, now);
    }

    assertThat(session.isReady()).isTrue();
    assertThat(Duration.ofNanos(now)).isEqualTo(SessionOptions.DEFAULT.timing().handshake());
  }

  @Test
  void plainPeerGetsMoreThanTheInitialCredit() {
    ClientSession session = started();
    StreamAttachment first = opened(session);
    session.onPlainHeaders(0, first);
    offer(session, SessionOptions.DEFAULT.sendMessages());

    assertThat(outputs(session, 0).stream().filter(SessionOutput.Send.class::isInstance))
        .hasSize(SessionOptions.DEFAULT.sendMessages());
  }

  @Test
  void plainPeerMaySendWhatTheTransportAskedFor() {
    ClientSession session = started();
    StreamAttachment first = opened(session);
    session.onPlainHeaders(0, first);
    session.request(Integer.MAX_VALUE);
    int messages = 2 * SessionOptions.DEFAULT.receiveMessages();
    for (int i = 0; i < messages; i++) {
      session.onFrame(0, first, null, Payload.of(new byte[] {1}));
    }

    assertThat(outputs(session, 0))
        .hasSize(messages)
        .allMatch(SessionOutput.Deliver.class::isInstance);
  }

  /** A thread that delivers may be busy while others bring the last message and the end. */
  @Test
  void messagesOfAPlainPeerAreDeliveredBeforeItsEnd() {
    ClientSession session = started();
    StreamAttachment first = opened(session);
    session.onPlainHeaders(0, first);
    session.request(2);
    outputs(session, 0);

    session.onFrame(0, first, null, Payload.of(new byte[] {1}));
    session.onClosed(0, first, CallClosure.status(0, Payload.EMPTY));

    List<SessionOutput> outputs = outputs(session, 0);
    assertThat(outputs).hasSize(2);
    assertThat(outputs.get(0)).isInstanceOf(SessionOutput.Deliver.class);
    assertThat(outputs.get(1)).isInstanceOf(SessionOutput.Ended.class);
    assertThat(session.isOver()).isTrue();
  }

  @Test
  void cancelEndsASessionWhosePlainPeerIsGone() {
    ClientSession session = started();
    StreamAttachment first = opened(session);
    session.onPlainHeaders(0, first);
    session.onFrame(0, first, null, Payload.of(new byte[] {1}));
    session.onClosed(0, first, CallClosure.status(0, Payload.EMPTY));
    assertThat(outputs(session, 0)).isEmpty();

    session.cancel(1);

    assertThat(outputs(session, 1)).anyMatch(SessionOutput.Ended.class::isInstance);
    assertThat(session.isOver()).isTrue();
  }

  private static ClientSession started() {
    ClientSession session =
        new ClientSession(
            new SessionId(1, 2), SessionOptions.DEFAULT, SessionRules.STANDARD, new Random(1));
    session.start(0, Duration.ZERO, ClientSession.Peer.UNKNOWN);
    return session;
  }

  private static void offer(ClientSession session, int messages) {
    for (int i = 0; i < messages; i++) {
      assertThat(session.offer(Payload.of(new byte[] {1}))).isTrue();
    }
  }

  private static StreamAttachment opened(ClientSession session) {
    return outputs(session, 0).stream()
        .map(SessionOutput.StartCall.class::cast)
        .findFirst()
        .orElseThrow()
        .attachment();
  }

  private static List<SessionOutput> outputs(ClientSession session, long nowNanos) {
    List<SessionOutput> all = new ArrayList<>();
    SessionOutput next = session.poll(nowNanos);
    while (next != null) {
      all.add(next);
      next = session.poll(nowNanos);
    }
    return all;
  }
}
