package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.Payload;
import org.junit.jupiter.api.Test;

/** Credit for messages that are larger than the buffer. */
class ReceiveBufferTest {
  private static final Payload MESSAGE = Payload.of(new byte[1_024]);

  private final ReceiveBuffer receiveBuffer = new ReceiveBuffer(256, MESSAGE.sizeBytes());

  @Test
  void nothingIsInvitedBehindAMessageThatFillsTheBuffer() {
    receiveBuffer.request(256);
    long invited = receiveBuffer.credit();
    for (long seq = 1; seq <= invited; seq++) {
      receive(seq);
      process(seq);
    }
    assertThat(receiveBuffer.credit()).isEqualTo(invited + ReceiveBuffer.LEAST_WINDOW);

    receive(invited + 1);
    receive(invited + 2);
    process(invited + 1);
    assertThat(receiveBuffer.credit()).as("one waits").isEqualTo(invited + 2);

    process(invited + 2);
    assertThat(receiveBuffer.credit()).as("none waits").isEqualTo(invited + 4);
  }

  private void receive(long seq) {
    assertThat(receiveBuffer.receive(seq, 0, 0, MESSAGE))
        .isEqualTo(ReceiveBuffer.ReceiveResult.ACCEPTED);
  }

  private void process(long seq) {
    assertThat(receiveBuffer.deliver(false)).isNotNull();
    receiveBuffer.processed(seq);
  }
}
