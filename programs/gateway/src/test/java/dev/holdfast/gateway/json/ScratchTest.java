package dev.holdfast.gateway.json;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** How long room for translations is kept. */
class ScratchTest {
  @Test
  void untilItIsGivenUp() {
    byte[] room = Scratch.buffer().array();
    assertThat(Scratch.buffer().array()).isSameAs(room);
    JsonFace.releaseRoom();
    assertThat(Scratch.buffer().array()).isNotSameAs(room);
  }
}
