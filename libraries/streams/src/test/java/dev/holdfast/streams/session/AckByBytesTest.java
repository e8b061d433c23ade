package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.wire.FrameHeader;
import org.junit.jupiter.api.Test;

/** When the bytes that a peer keeps for us, and not their number, ask for an ack. */
class AckByBytesTest extends ClientSessionFixture {
  private static final int ACK_BYTES = 64 * 1024;

  private StreamAttachment attachment;
  private long received;

  AckByBytesTest() {
    // So large that credit needs no frame of its own.
    session = session(SessionOptions.DEFAULT.withReceiveBuffer(256, 4 * ACK_BYTES));
    outputs.clear();
    attachment = start(ClientSession.Peer.HOLDFAST);
    session.onWelcome(now, attachment, welcome(0, 1));
    session.request(100);
    drain();
  }

  @Test
  void aLargeMessageIsAcknowledgedAsSoonAsItIsProcessed() {
    receive(ACK_BYTES);
    assertThat(acked()).as("before it is processed").isZero();

    session.processed(now, 1);
    drain();

    assertThat(acked()).isEqualTo(1);
  }

  @Test
  void messagesAreAcknowledgedWhenTogetherTheyAreAsLarge() {
    for (int i = 1; i <= 7; i++) {
      receive(ACK_BYTES / 4);
      session.processed(now, i);
      drain();
      assertThat(acked()).as("after %d", i).isEqualTo(i / 4 * 4L);
    }
  }

  @Test
  void whereEachMessageIsAnsweredTheAckGoesWithTheNextAnswer() {
    for (int i = 1; i <= 5; i++) {
      receive(ACK_BYTES);
      session.offer(Payload.EMPTY);
      drain();
      assertThat(acked()).as("with answer %d", i).isEqualTo(i - 1);
      session.processed(now, i);
      drain();
      assertThat(acked()).as("after message %d", i).isEqualTo(i - 1);
    }
    assertThat(headers()).as("no frame but the answers").allMatch(FrameHeader::isMessage);
  }

  @Test
  void aPeerWhoseMessagesAreNoLongerAnsweredIsToldAfterTwiceAsMuch() {
    session.offer(Payload.EMPTY);
    for (int i = 1; i <= 3; i++) {
      receive(ACK_BYTES);
      session.processed(now, i);
      drain();
      assertThat(acked()).as("after message %d", i).isEqualTo(i == 1 ? 0 : i);
    }
  }

  @Test
  void aSmallBufferIsAcknowledgedByAQuarterOfItself() {
    session = session(SessionOptions.DEFAULT.withReceiveBuffer(256, 4_000));
    outputs.clear();
    attachment = start(ClientSession.Peer.HOLDFAST);
    session.onWelcome(now, attachment, welcome(0, 1));
    session.request(100);

    receive(999);
    session.processed(now, 1);
    drain();
    assertThat(acked()).isZero();

    receive(1);
    session.processed(now, 2);
    drain();
    assertThat(acked()).isEqualTo(2);
  }

  @Test
  void smallMessagesAreAcknowledgedByNumberAndTimeAsBefore() {
    receive(100);
    session.processed(now, 1);
    drain();
    assertThat(acked()).isZero();

    pass(SessionOptions.DEFAULT.timing().ackDelay());
    assertThat(acked()).isEqualTo(1);
  }

  @Test
  void anAttachmentBeginsToCountAnew() {
    receive(ACK_BYTES - 1);
    session.processed(now, 1);
    cut(attachment);
    attachment = nextAttachment();
    session.onWelcome(now, attachment, welcome(0, 2));
    drain();
    outputs.clear();

    receive(1);
    session.processed(now, 2);
    drain();

    assertThat(acked()).as("the hello has acknowledged the first one").isZero();
  }

  private void receive(int bytes) {
    received++;
    FrameHeader header = new FrameHeader(attachment.tag(), received, 0, 0, 0, 0, 0, 0);
    session.onFrame(now, attachment, header, Payload.of(new byte[bytes]));
    drain();
  }

  private long acked() {
    return headers().stream().mapToLong(FrameHeader::ack).max().orElse(0);
  }
}
