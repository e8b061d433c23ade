package dev.holdfast.gateway.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.limits.GatewayMemory;
import dev.holdfast.gateway.limits.MemoryAccount;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RetryBufferTest {
  private final MemoryAccount memory = GatewayMemory.ofProcess().part(Runnable::run).ownAccount();
  private final RetryBuffer body = new RetryBuffer();

  @AfterEach
  void forget() {
    body.forget();
  }

  @Test
  void framesOfAByteAreKeptTogether() {
    int bytes = 10_000;
    for (int i = 0; i < bytes; i++) {
      keep((byte) i);
    }
    List<ByteBuf> frames = body.frames();
    assertThat(frames).hasSizeLessThan(5);
    byte[] kept = all(frames);
    assertThat(kept).hasSize(bytes);
    for (int i = 0; i < bytes; i++) {
      assertThat(kept[i]).isEqualTo((byte) i);
    }
  }

  @Test
  void smallAndLargeFramesStayInOrder() {
    keep(new byte[] {1});
    keep(new byte[] {2, 3});
    keep(new byte[2_000]);
    keep(new byte[] {4});
    List<ByteBuf> sent = body.frames();
    ByteBuf part = sent.get(sent.size() - 1).retainedSlice();
    keep(new byte[] {5});

    byte[] all = all(body.frames());
    assertThat(all).startsWith(1, 2, 3, 0).endsWith(0, 4, 5).hasSize(2_005);
    assertThat(part.readableBytes()).as("what was sent before").isEqualTo(1);
    part.release();
  }

  @Test
  void aFrameDoesNotHoldTheBufferOfAReadThatIsManyTimesLarger() {
    ByteBuf read = Unpooled.buffer(65_536).writeZero(65_536);
    read.setIndex(100, 100 + 16_384);
    ByteBuf sent = body.keep(read, memory);
    assertThat(read.refCnt()).isEqualTo(1);
    assertThat(sent.readableBytes()).isEqualTo(16_384);
    assertThat(sent.capacity()).isLessThan(2 * 16_384);
    assertThat(body.frames()).containsExactly(sent);
    read.release();
  }

  @Test
  void aFrameThatFillsTheBufferOfItsReadIsNotCopied() {
    ByteBuf read = Unpooled.buffer(16_393).writeZero(16_393);
    read.skipBytes(9);
    ByteBuf sent = body.keep(read, memory);
    assertThat(read.refCnt()).isEqualTo(2);
    assertThat(sent.readableBytes()).isEqualTo(16_384);
    read.release();
  }

  private void keep(byte... bytes) {
    ByteBuf frame = Unpooled.copiedBuffer(bytes);
    body.keep(frame, memory);
    frame.release();
  }

  private static byte[] all(List<ByteBuf> frames) {
    ByteBuf all = Unpooled.buffer();
    frames.forEach(frame -> all.writeBytes(frame, frame.readerIndex(), frame.readableBytes()));
    byte[] bytes = new byte[all.readableBytes()];
    all.readBytes(bytes);
    return bytes;
  }
}
