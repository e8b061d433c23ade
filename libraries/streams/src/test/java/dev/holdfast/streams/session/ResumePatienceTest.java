package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.SessionHandover;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionToken;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** How long a client that comes back waits for its server's answer, and from when on. */
class ResumePatienceTest {
  private static final SessionId ID = new SessionId(1, 2);
  private static final SessionTokenIssuer ISSUER = new SessionTokenIssuer(new byte[16]);
  private static final SessionToken TOKEN = ISSUER.issue(ID, "p", "m", "");
  private static final Duration HANDSHAKE = SessionOptions.DEFAULT.timing().handshake();

  private final List<SessionOutput> outputs = new ArrayList<>();
  private final ClientSession session =
      new ClientSession(ID, SessionOptions.DEFAULT, SessionRules.STANDARD, new SplittableRandom(7));
  private long now;

  @Test
  void eachSilenceDoublesThePatienceUpToFourTimes() {
    resume();

    assertThat(silence()).isEqualTo(HANDSHAKE);
    assertThat(silence()).isEqualTo(HANDSHAKE.multipliedBy(2));
    assertThat(silence()).isEqualTo(HANDSHAKE.multipliedBy(4));
    assertThat(silence()).isEqualTo(HANDSHAKE.multipliedBy(4));
  }

  @Test
  void anAnswerEndsTheDoubling() {
    resume();
    silence();
    awaitOpened(3);
    session.onWelcome(now, newest(), welcome());
    drain();
    cut(newest());
    awaitOpened(4);

    assertThat(silence()).isEqualTo(HANDSHAKE);
  }

  @Test
  void silenceOfTheNextOwnerDoublesThePatienceToo() {
    session.start(now, Duration.ZERO, ClientSession.Peer.HOLDFAST);
    drain();
    session.onWelcome(now, newest(), welcome());
    drain();
    StreamAttachment old = newest();
    session.onFrame(now, old, lastWord(old), handover());
    drain();
    session.onTimeout(now);
    drain();
    assertThat(opened()).hasSize(2);
    assertThat(opened().get(1).handover().isPresent()).isTrue();

    assertThat(silence()).isEqualTo(HANDSHAKE);
    assertThat(silence()).isEqualTo(HANDSHAKE.multipliedBy(2));
    assertThat(silence()).isEqualTo(HANDSHAKE.multipliedBy(4));
  }

  @Test
  void whoWaitsForItsTurnIsNotGivenUp() {
    resume();
    StreamAttachment waiting = newest();
    session.onResumeQueued(waiting);
    pass(HANDSHAKE.multipliedBy(3));
    assertThat(closed()).isEmpty();

    session.onHelloSent(now, waiting);
    pass(HANDSHAKE.minus(Duration.ofNanos(1)));
    assertThat(closed()).isEmpty();
    pass(Duration.ofNanos(1));
    assertThat(closed()).containsExactly(waiting);
  }

  @Test
  void theAnswerIsAwaitedFromWhenTheHelloWasWritten() {
    resume();
    StreamAttachment connecting = newest();
    pass(HANDSHAKE.dividedBy(2));
    session.onHelloSent(now, connecting);
    pass(HANDSHAKE.minus(Duration.ofNanos(1)));
    assertThat(closed()).isEmpty();

    pass(Duration.ofNanos(1));
    assertThat(closed()).containsExactly(connecting);
  }

  @Test
  void theAgeOfASessionThatNobodyWelcomedStaysTheLongestTimeThatItWaits() {
    session.start(now, Duration.ZERO, ClientSession.Peer.HOLDFAST);
    drain();
    StreamAttachment first = newest();
    session.onResumeQueued(first);
    pass(HANDSHAKE.dividedBy(2));
    session.onHelloSent(now, first);
    pass(HANDSHAKE.dividedBy(2));

    assertThat(closed()).containsExactly(first);
  }

  private void resume() {
    session.start(now, Duration.ZERO, ClientSession.Peer.HOLDFAST);
    drain();
    session.onWelcome(now, newest(), welcome());
    drain();
    cut(newest());
    awaitOpened(2);
  }

  /** From the newest attachment's begin to its end, when nobody answers it. */
  private Duration silence() {
    int tries = opened().size();
    long began = newest().openedNanos();
    int ended = closed().size();
    while (closed().size() == ended) {
      now = session.nextDeadlineNanos().orElseThrow();
      pass(Duration.ZERO);
    }
    long gaveUp = now;
    awaitOpened(tries + 1);
    return Duration.ofNanos(gaveUp - began);
  }

  private void awaitOpened(int many) {
    for (int i = 0; opened().size() < many; i++) {
      assertThat(i).isLessThan(100);
      now = session.nextDeadlineNanos().orElseThrow();
      pass(Duration.ZERO);
    }
  }

  private void cut(StreamAttachment attachment) {
    session.onClosed(now, attachment, CallClosure.connection());
    drain();
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

  private StreamAttachment newest() {
    return opened().get(opened().size() - 1).attachment();
  }

  private List<SessionOutput.StartCall> opened() {
    return of(SessionOutput.StartCall.class);
  }

  private List<StreamAttachment> closed() {
    return of(SessionOutput.EndCall.class).stream().map(SessionOutput.EndCall::attachment).toList();
  }

  private <T extends SessionOutput> List<T> of(Class<T> kind) {
    return outputs.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  private static FrameHeader lastWord(StreamAttachment on) {
    int flags = Flag.FINAL | Flag.MOVED;
    return new FrameHeader(on.tag(), 1, 0, 0, flags, 0, CallClosure.UNAVAILABLE, 0);
  }

  private static Payload handover() {
    SessionHandover handover = SessionHandover.of(1, 0, 1, false, false, new byte[] {4});
    return Payload.of(ISSUER.seal(handover, ID, "p", "m").toByteArray());
  }

  private static Welcome welcome() {
    return new Welcome(TOKEN, 0, 1, 256, 600_000, 16, 50, 0);
  }
}
