package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.wire.FrameHeader;
import org.junit.jupiter.api.Test;

/**
 * Acknowledgements beyond what the attachment in use has sent: its transport was full, and the peer
 * processed meanwhile what an older attachment had brought.
 */
class AckBeyondCursorTest extends ClientSessionFixture {
  @Test
  void sendingContinuesBehindThem() {
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    session.onWelcome(now, first, welcome(0, 1));
    offer(4);
    cut(first);
    StreamAttachment second = nextAttachment();
    session.onWritable(second, false);
    session.onWelcome(now, second, welcome(0, 1));
    drain();
    session.onFrame(now, second, FrameHeader.control(second.tag(), 3, 0, 0), Payload.EMPTY);
    drain();
    assertThat(sentOn(second)).isZero();

    session.onWritable(second, true);
    drain();
    offer(1);

    assertThat(session.acked()).isEqualTo(3);
    assertThat(sentOn(second)).as("positions 4 and 5").isEqualTo(2);
  }

  private long sentOn(StreamAttachment attachment) {
    return sent().stream().filter(send -> send.attachment() == attachment).count();
  }
}
