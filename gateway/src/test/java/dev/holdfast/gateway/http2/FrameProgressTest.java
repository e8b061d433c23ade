package dev.holdfast.gateway.http2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

class FrameProgressTest {
  private static final byte[] PING = {0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
  private static final byte[] BEGUN_HEADERS = {0, 0, 1, 1, 0, 0, 0, 0, 3, 9};
  private static final byte[] MORE_HEADERS = {0, 0, 1, 9, 0, 0, 0, 0, 3, 9};
  private static final byte[] LAST_HEADERS = {0, 0, 1, 9, 4, 0, 0, 0, 3, 9};

  private final FrameProgress progress = new FrameProgress();

  @Test
  void endsBetweenFrames() {
    give(PING, PING);
    assertThat(progress.isInside()).isFalse();
    assertThat(progress.ends()).isEqualTo(2);
  }

  @Test
  void knowsEveryByteOfAFrame() {
    ByteBuf in = Unpooled.buffer();
    for (int i = 0; i < PING.length; i++) {
      in.writeByte(PING[i]);
      progress.onBytes(in);
      // As the decoder: the head once it is whole, the payload once it is.
      if (i == 8) {
        in.skipBytes(9);
      } else if (i == PING.length - 1) {
        in.skipBytes(8);
      }
      progress.onDecoded(in);
      assertThat(progress.isInside()).isEqualTo(i < PING.length - 1);
    }
    assertThat(progress.ends()).isEqualTo(1);
  }

  @Test
  void headersEndWithTheirLastFrame() {
    give(PING, BEGUN_HEADERS);
    assertThat(progress.isInside()).isTrue();
    give(MORE_HEADERS);
    assertThat(progress.isInside()).isTrue();
    assertThat(progress.ends()).isEqualTo(1);
    give(LAST_HEADERS);
    assertThat(progress.isInside()).isFalse();
    assertThat(progress.ends()).isEqualTo(2);
  }

  @Test
  void whatTheDecoderIsGivenAgainIsNotCountedAgain() {
    ByteBuf in = Unpooled.wrappedBuffer(PING, BEGUN_HEADERS);
    progress.onBytes(in);
    in.skipBytes(PING.length);
    progress.onDecoded(in);
    progress.onBytes(in);
    in.skipBytes(BEGUN_HEADERS.length);
    progress.onDecoded(in);
    assertThat(progress.ends()).isEqualTo(1);
    give(LAST_HEADERS);
    assertThat(progress.isInside()).isFalse();
  }

  private void give(byte[]... frames) {
    ByteBuf in = Unpooled.wrappedBuffer(frames);
    progress.onBytes(in);
    in.skipBytes(in.readableBytes());
    progress.onDecoded(in);
  }
}
