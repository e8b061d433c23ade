package dev.holdfast.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.SessionEnd.Kind;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.Handshake;
import dev.holdfast.streams.wire.Refusal;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionToken;
import dev.holdfast.streams.wire.TokenMint;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cases by name of what the rehearsal finds by chance, and the peers that it does not play. */
class ClientSessionTest {
  private static final SessionId ID = new SessionId(1, 2);
  private static final SessionToken TOKEN = new TokenMint(new byte[16]).mint(ID, "p", "m", "");
  private static final Payload BODY = Payload.of(new byte[] {1, 2, 3});

  private long now;
  private final List<SessionOutput> outputs = new ArrayList<>();
  private ClientSession session = session(SessionOptions.DEFAULT);
  private @Nullable StreamAttachment taken;

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
    session.onPlain(now, first);
    offer(1);
    session.halfClose();
    drain();
    assertThat(sent().get(2).header()).isNull();
    assertThat(outputs).hasAtLeastOneElementOfType(SessionOutput.HalfClose.class);
    assertThat(session.heldBytes()).isZero();

    session.onFrame(now, first, null, BODY);
    drain();
    assertThat(outputs).hasAtLeastOneElementOfType(SessionOutput.Deliver.class);
    session.onClosed(now, first, PhysicalEnd.status(5, BODY));
    drain();
    assertThat(end().kind()).isEqualTo(Kind.PLAIN);
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
  void levelReopenTellsTheApplicationToBeginAgain() {
    session = session(SessionOptions.DEFAULT.withLevel(Level.REOPEN));
    StreamAttachment first = start(ClientSession.Peer.PLAIN);
    session.onPlain(now, first);
    offer(1);
    cut(first);
    StreamAttachment second = nextAttachment();
    // What belongs to neither stream is dropped, and what comes before the first messages waits.
    offer(2);
    session.onPlain(now, second);
    offer(1);

    assertThat(outputs).hasAtLeastOneElementOfType(SessionOutput.Reopened.class);
    assertThat(sent()).hasSize(1);
    assertThat(session.beginAgain()).hasValue(3);
    assertThat(session.beginAgain()).isEmpty();
    offer(1);
    assertThat(sent()).hasSize(2);
  }

  @Test
  void aHalfCloseIsSaidAgainOnAStreamThatWasReopened() {
    session = session(SessionOptions.DEFAULT.withLevel(Level.REOPEN));
    StreamAttachment first = start(ClientSession.Peer.PLAIN);
    session.onPlain(now, first);
    offer(1);
    session.halfClose();
    drain();
    cut(first);
    StreamAttachment second = nextAttachment();
    session.onPlain(now, second);
    session.beginAgain();
    offer(1);
    assertThat(halfCloses()).hasSize(1);

    session.begunAgain();
    drain();
    assertThat(sent()).hasSize(2);
    assertThat(halfCloses()).hasSize(2);
    assertThat(halfCloses().get(1).attachment()).isEqualTo(second);
  }

  @Test
  void aStreamThatIsCutBeforeTheApplicationBeganAgainIsReopenedOnceMore() {
    session = session(SessionOptions.DEFAULT.withLevel(Level.REOPEN));
    StreamAttachment first = start(ClientSession.Peer.PLAIN);
    session.onPlain(now, first);
    session.halfClose();
    cut(first);
    StreamAttachment second = nextAttachment();
    session.onPlain(now, second);
    drain();
    cut(second);
    // The application was to be told of the second stream only now.
    assertThat(session.beginAgain()).isEmpty();
    StreamAttachment third = nextAttachment();
    session.onPlain(now, third);
    drain();
    assertThat(sent()).isEmpty();
    session.beginAgain();
    offer(1);
    session.begunAgain();
    drain();

    assertThat(sent()).hasSize(1);
    assertThat(sent().get(0).attachment()).isEqualTo(third);
    assertThat(halfCloses().get(halfCloses().size() - 1).attachment()).isEqualTo(third);
  }

  private List<SessionOutput.HalfClose> halfCloses() {
    return outputs.stream()
        .filter(SessionOutput.HalfClose.class::isInstance)
        .map(SessionOutput.HalfClose.class::cast)
        .toList();
  }

  @Test
  void aCallThatCameToNobodyIsOpenedAgainAsTheFirst() {
    StreamAttachment first = start(ClientSession.Peer.UNKNOWN);
    offer(2);
    session.onClosed(now, first, PhysicalEnd.unreached());
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

  @ParameterizedTest
  @CsvSource({
    "UNKNOWN, LOST_UNKNOWN",
    "EXPIRED, LOST_EXPIRED",
    "GAP, LOST_GAP",
    "DENIED, LOST_DENIED"
  })
  void aRefusalThatIsFinalIsToldOnceWithTheLastNumbers(Refusal.Code code, Kind kind) {
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    offer(2);
    session.onWelcome(now, first, welcome(1, 1));
    cut(first);
    StreamAttachment second = nextAttachment();
    session.onRefused(now, second, Refusal.of(code));
    session.onRefused(now, second, Refusal.of(code));
    drain();

    assertThat(outputs.stream().filter(o -> o instanceof SessionOutput.Ended)).hasSize(1);
    assertThat(end().kind()).isEqualTo(kind);
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

    assertThat(end().kind()).isEqualTo(Kind.LOST_GAP);
  }

  @ParameterizedTest
  @CsvSource({"STREAM, 3", "CONNECTION, 12"})
  void aMessageThatBreaksEveryAttachmentEndsTheSession(PhysicalEnd.Kind kind, int attachments) {
    StreamAttachment attachment = start(ClientSession.Peer.HOLDFAST);
    offer(1);
    for (int i = 1; i <= attachments; i++) {
      assertThat(session.end()).isNull();
      session.onWelcome(now, attachment, welcome(0, 1));
      drain();
      session.onClosed(now, attachment, new PhysicalEnd(kind, 13, Payload.EMPTY));
      drain();
      attachment = i == attachments ? attachment : nextAttachment();
    }
    assertThat(end().kind()).isEqualTo(Kind.LOST_STUCK);
  }

  @Test
  void aStatusThatRepeatingCantChangeEndsTheSession() {
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    session.onWelcome(now, first, welcome(0, 1));
    session.onClosed(now, first, PhysicalEnd.status(8, Payload.EMPTY));
    drain();

    assertThat(end().kind()).isEqualTo(Kind.LOST_REFUSED);
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
    session.onClosed(now, opened().get(0).attachment(), PhysicalEnd.connection());
    pass(Duration.ofSeconds(5));

    assertThat(end().kind()).isEqualTo(Kind.DEADLINE);
    assertThat(session.isOver()).isTrue();
  }

  @Test
  void aCancelDuringAnOutageIsToldAtOnceAndBroughtToTheServerLater() {
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    session.onWelcome(now, first, welcome(0, 1));
    cut(first);
    session.cancel(now);
    drain();
    assertThat(end().kind()).isEqualTo(Kind.CANCELLED);
    assertThat(session.isOver()).isFalse();

    session.onWelcome(now, nextAttachment(), welcome(0, 1));
    drain();
    FrameHeader last = sent().get(sent().size() - 1).header();
    assertThat(last).isNotNull();
    assertThat(Objects.requireNonNull(last).has(Flag.CANCEL)).isTrue();
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

  private static ClientSession session(SessionOptions options) {
    return new ClientSession(ID, options, SessionRules.STANDARD, new SplittableRandom(7));
  }

  private StreamAttachment start(ClientSession.Peer peer) {
    session.start(now, Duration.ZERO, peer);
    drain();
    return nextAttachment();
  }

  private static Welcome welcome(long watermark, long low) {
    return new Welcome(TOKEN, watermark, low, 256, 120_000, 16, 50, 0);
  }

  private void offer(int messages) {
    for (int i = 0; i < messages; i++) {
      assertThat(session.offer(BODY)).isTrue();
    }
    drain();
  }

  private void cut(StreamAttachment attachment) {
    session.onClosed(now, attachment, PhysicalEnd.connection());
    drain();
  }

  /** The attachment that was opened last, or the next one, for which time passes. */
  private StreamAttachment nextAttachment() {
    for (int i = 0; i < 100; i++) {
      StreamAttachment last = opened().get(opened().size() - 1).attachment();
      if (last != taken) {
        taken = last;
        return last;
      }
      now = session.nextDeadlineNanos().orElseThrow();
      session.onTimeout(now);
      drain();
    }
    throw new AssertionError("no attachment was opened");
  }

  private void pass(Duration time) {
    now += time.toNanos();
    session.onTimeout(now);
    drain();
  }

  private void drain() {
    for (SessionOutput out = session.poll(now); out != null; out = session.poll(now)) {
      outputs.add(out);
    }
  }

  private List<SessionOutput.Send> sent() {
    return outputs.stream()
        .filter(SessionOutput.Send.class::isInstance)
        .map(SessionOutput.Send.class::cast)
        .filter(send -> send.header() == null || send.header().seq() > 0 || isControl(send))
        .toList();
  }

  private static boolean isControl(SessionOutput.Send send) {
    FrameHeader header = send.header();
    return header != null && header.has(Flag.CANCEL);
  }

  private List<SessionOutput.Open> opened() {
    return outputs.stream()
        .filter(SessionOutput.Open.class::isInstance)
        .map(SessionOutput.Open.class::cast)
        .toList();
  }

  private SessionEnd end() {
    return Objects.requireNonNull(session.end());
  }
}
