package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.wire.FrameHeader;
import org.junit.jupiter.api.Test;

/** The notice that a stream is ready again, for senders that were told it is not. */
class ReadyAgainTest extends ClientSessionFixture {
  private static final int MESSAGES = 4;

  @Test
  void aSlowPlainServerThatTakesWhatWaitedMakesTheStreamReady() {
    session = session(SessionOptions.DEFAULT.withSendBuffer(MESSAGES, 1_000));
    StreamAttachment plain = start(ClientSession.Peer.PLAIN);
    session.onPlainHeaders(now, plain);
    session.onWritable(plain, false);
    offer(MESSAGES);
    assertThat(session.isReady()).isFalse();
    assertThat(timesReady()).isZero();

    session.onWritable(plain, true);
    drain();

    assertThat(session.isReady()).isTrue();
    assertThat(timesReady()).isEqualTo(1);
  }

  @Test
  void aServerThatTurnsOutToBePlainMakesTheStreamReady() {
    session = session(SessionOptions.DEFAULT.withSendBuffer(MESSAGES, 1_000));
    StreamAttachment first = start(ClientSession.Peer.UNKNOWN);
    offer(MESSAGES);
    assertThat(session.isReady()).isFalse();

    session.onPlainHeaders(now, first);
    drain();

    assertThat(session.isReady()).isTrue();
    assertThat(timesReady()).isEqualTo(1);
  }

  @Test
  void whomOthersOfTheProcessHaveStoppedIsToldWhenItsOwnAreAcknowledged() {
    BufferBudget budget = new BufferBudget(1_000_000);
    session.useBudget(budget);
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    session.onWelcome(now, first, welcome(0, 1));
    offer(MESSAGES);
    assertThat(session.isReady()).isTrue();
    budget.take(budget.limitBytes());
    assertThat(session.isReady()).as("others hold all there is").isFalse();

    acknowledge(first, 1);
    assertThat(session.isReady()).isFalse();
    assertThat(timesReady()).isZero();

    acknowledge(first, MESSAGES);
    assertThat(session.isReady()).as("who holds nothing may always take one").isTrue();
    assertThat(timesReady()).isEqualTo(1);
  }

  @Test
  void whoSendsOnceMoreUnaskedIsToldAllTheSame() {
    BufferBudget budget = new BufferBudget(1_000_000);
    session.useBudget(budget);
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    session.onWelcome(now, first, welcome(0, 1));
    offer(MESSAGES);
    budget.take(budget.limitBytes());
    assertThat(session.isReady()).isFalse();
    budget.giveBack(budget.limitBytes());
    assertThat(session.offer(Payload.of(new byte[1]))).isTrue();
    drain();

    assertThat(timesReady()).isEqualTo(1);
  }

  @Test
  void whoIsStoppedByTheEndOfItsAttachmentIsToldAfterTheNextOne() {
    BufferBudget budget = new BufferBudget(1_000_000);
    session.useBudget(budget);
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    session.onWelcome(now, first, welcome(0, 1));
    offer(2 * MESSAGES);
    acknowledge(first, 2 * MESSAGES - 2);
    budget.take(budget.limitBytes() - 1_000);
    assertThat(session.isReady()).as("of what is reserved").isTrue();
    cut(first);
    assertThat(session.isReady()).as("a detached session has no part of it").isFalse();

    session.onWelcome(now, nextAttachment(), welcome(2 * MESSAGES, 1));
    drain();

    assertThat(session.isReady()).isTrue();
    assertThat(timesReady()).isEqualTo(1);
  }

  @Test
  void whoWasNeverStoppedIsToldNothing() {
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    session.onWelcome(now, first, welcome(0, 1));
    offer(MESSAGES);
    assertThat(session.isReady()).isTrue();
    acknowledge(first, MESSAGES);
    assertThat(timesReady()).isZero();
  }

  private void acknowledge(StreamAttachment on, long upTo) {
    session.onFrame(now, on, FrameHeader.control(on.tag(), upTo, 0, 0), Payload.EMPTY);
    drain();
  }

  private long timesReady() {
    return outputs.stream().filter(SessionOutput.Ready.class::isInstance).count();
  }
}
