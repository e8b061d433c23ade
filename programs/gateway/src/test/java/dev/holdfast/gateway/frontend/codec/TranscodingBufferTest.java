package dev.holdfast.gateway.frontend.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.frontend.HttpFrontend;
import org.junit.jupiter.api.Test;

/** How long room for translations is kept. */
class TranscodingBufferTest {
  @Test
  void untilItIsGivenUp() {
    byte[] room = TranscodingBuffer.buffer().array();
    assertThat(TranscodingBuffer.buffer().array()).isSameAs(room);
    HttpFrontend.releaseBuffers();
    assertThat(TranscodingBuffer.buffer().array()).isNotSameAs(room);
  }
}
