package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.internal.Handshake;
import dev.holdfast.streams.wire.FrameHeader;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What a session lets come: by credit, which a peer keeps to, and by what it reads at all. */
class BackpressureTest extends ClientSessionFixture {
  private static final int LIMIT_BYTES = (int) SessionOptions.DEFAULT.receiveBytes();

  private StreamAttachment attachment;
  private long received;

  BackpressureTest() {
    attachment = attach();
  }

  @Test
  void messagesAreReadOneAtATime() {
    assertThat(requests()).isEqualTo(1);
    receive(100);
    assertThat(requests()).isEqualTo(2);
  }

  @Test
  void nothingIsReadWhileTooMuchWaitsForTheApplication() {
    receive(LIMIT_BYTES);
    receive(LIMIT_BYTES - 1);
    assertThat(requests()).as("below twice the buffer").isEqualTo(3);
    receive(1);
    assertThat(requests()).as("at twice the buffer").isEqualTo(3);
    assertThat(session.unprocessedBytes()).isEqualTo(2L * LIMIT_BYTES);

    session.request(2);
    drain();

    assertThat(requests()).as("the application has taken one").isEqualTo(4);
  }

  @Test
  void anApplicationThatAsksForThousandsIsGivenABufferful() {
    session.request(10_000);
    for (int i = 0; i < 6; i++) {
      receive(LIMIT_BYTES / 4);
    }
    assertThat(delivered()).isEqualTo(4);

    session.processed(now, 1);
    drain();

    assertThat(delivered()).isEqualTo(5);
  }

  @Test
  void fewMessagesAreInvitedBeforeTheFirstOneShowsTheirSize() {
    assertThat(opened().get(0).hello().credit()).isEqualTo(16);
  }

  @Test
  void creditIsGivenForAsManyMessagesAsFitIntoTheBuffer() {
    session.request(1);
    receive(LIMIT_BYTES / 100);
    assertThat(credit()).isBetween(98L, 100L);
  }

  @Test
  void creditForLargeMessagesIsForTwo() {
    session.request(20);
    for (int i = 1; i <= 16; i++) {
      receive(LIMIT_BYTES + 1);
      session.processed(now, i);
      drain();
    }
    assertThat(credit()).isEqualTo(16 + 2);
  }

  @Test
  void whoHasUsedUpItsCreditIsToldOfAnyMore() {
    for (int i = 1; i < Handshake.INITIAL_CREDIT; i++) {
      receive(LIMIT_BYTES / 30 - 1);
    }
    assertThat(credit()).as("14 more are less than half of a window of 30").isZero();

    receive(LIMIT_BYTES / 30 - 1);

    assertThat(credit()).isEqualTo(30);
  }

  @Test
  void silenceOfAnAttachmentThatIsNotReadSaysNothing() {
    session =
        session(
            SessionOptions.DEFAULT.withTiming(
                SessionOptions.DEFAULT
                    .timing()
                    .withHeartbeat(
                        Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(3))));
    attachment = attach();
    receive(LIMIT_BYTES);
    receive(LIMIT_BYTES);

    pass(Duration.ofSeconds(2));
    assertThat(session.state()).isEqualTo(SessionState.ATTACHED);

    session.request(2);
    drain();
    assertThat(session.state()).isEqualTo(SessionState.ATTACHED);
    pass(Duration.ofSeconds(2));
    assertThat(session.state()).as("now it is read").isEqualTo(SessionState.SUSPECT);
  }

  @Test
  void acksThatWaitBehindUnreadMessagesComeByAnotherAttachment() {
    offer(1);
    receive(LIMIT_BYTES);
    receive(LIMIT_BYTES);
    assertThat(opened()).hasSize(1);

    pass(InboundFlowControl.FIRST_PATIENCE);

    assertThat(opened()).hasSize(2);
    attachment = nextAttachment();
    session.onWelcome(now, attachment, welcome(1, 1));
    assertThat(session.acked()).isEqualTo(1);
  }

  @Test
  void withoutAcksToWaitForAnUnreadAttachmentStays() {
    receive(LIMIT_BYTES);
    receive(LIMIT_BYTES);

    pass(Duration.ofMinutes(1));

    assertThat(opened()).hasSize(1);
  }

  @Test
  void aSenderThatMaySendNoMoreAsksForItsAck() {
    session = session(SessionOptions.DEFAULT.withSendBuffer(2, 1_000));
    attachment = attach();
    offer(1);
    assertThat(probes()).isZero();

    offer(1);

    assertThat(probes()).isEqualTo(1);
  }

  @Test
  void anAckThatIsAskedForComesWhenAllBeforeItIsProcessed() {
    session.request(2);
    receive(10);
    receive(10);
    frame(new FrameHeader(attachment.tag(), 0, 0, 0, 0, 0, 0, 1), Payload.EMPTY);
    session.processed(now, 1);
    drain();
    assertThat(acked()).isZero();

    session.processed(now, 2);
    drain();

    assertThat(acked()).isEqualTo(2);
  }

  private StreamAttachment attach() {
    outputs.clear();
    received = 0;
    StreamAttachment opened = start(ClientSession.Peer.HOLDFAST);
    session.onWelcome(now, opened, welcome(0, 1));
    drain();
    return opened;
  }

  private void receive(int bytes) {
    received++;
    FrameHeader header = new FrameHeader(attachment.tag(), received, 0, 0, 0, 0, 0, 0);
    frame(header, Payload.of(new byte[bytes]));
  }

  private void frame(FrameHeader header, Payload body) {
    session.onFrame(now, attachment, header, body);
    drain();
  }

  private long requests() {
    return outputs.stream().filter(SessionOutput.Request.class::isInstance).count();
  }

  private long delivered() {
    return outputs.stream().filter(SessionOutput.Deliver.class::isInstance).count();
  }

  private long probes() {
    return headers().stream().filter(header -> header.probe() > 0).count();
  }

  private long credit() {
    return headers().stream().mapToLong(FrameHeader::credit).max().orElse(0);
  }

  private long acked() {
    return headers().stream().mapToLong(FrameHeader::ack).max().orElse(0);
  }
}
