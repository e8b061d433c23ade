package dev.holdfast.gateway.http2.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2CodecUtil;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Our streams, windows and short ways do what Netty's do with the same bytes. */
class FrameCodecTest {
  private static final int SEEDS = 250;
  private static final int STEPS = 60;
  private static final byte[] SETTINGS = {0, 0, 0, 4, 0, 0, 0, 0, 0};

  @Test
  void doesWhatNettyDoesWhateverComes() throws Exception {
    int gone = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      CodecServer ours = CodecServer.ofOurs();
      CodecServer past = CodecServer.ofOursPastPipeline();
      CodecServer theirs = CodecServer.ofNetty();
      Random random = new Random(seed);
      RandomFrames client = new RandomFrames(random);
      ByteBuf bytes = Http2CodecUtil.connectionPrefaceBuf();
      bytes = Unpooled.buffer().writeBytes(bytes).writeBytes(SETTINGS);
      for (int step = 0; step < STEPS && !theirs.isGone(); step++) {
        while (bytes.isReadable()) {
          ByteBuf piece = bytes.readSlice(1 + random.nextInt(bytes.readableBytes()));
          ours.feed(piece);
          past.feed(piece);
          theirs.feed(piece);
        }
        assertThat(ours.story()).as("seed %d, step %d", seed, step).isEqualTo(theirs.story());
        assertThat(past.story()).as("past, seed %d, step %d", seed, step).isEqualTo(theirs.story());
        bytes.release();
        bytes = client.next();
      }
      gone += theirs.isGone() ? 1 : 0;
      bytes.release();
      ours.close();
      past.close();
      theirs.close();
    }
    assertThat(gone).as("connections that met their end").isBetween(SEEDS / 10, SEEDS * 9 / 10);
  }

  /** In a buffer that ends with its head: what is read behind it is none of its bytes. */
  @Test
  void paddingOfAFrameThatIsTooLongIsNotLookedFor() throws Exception {
    CodecServer ours = CodecServer.ofOurs();
    CodecServer theirs = CodecServer.ofNetty();
    ByteBuf bytes = Unpooled.buffer();
    bytes.writeBytes(Http2CodecUtil.connectionPrefaceBuf()).writeBytes(SETTINGS);
    bytes.writeBytes(new RandomFrames(new Random(1)).request(3));
    ByteBuf head = Unpooled.wrappedBuffer(new byte[] {0, 0x40, 1, 0, 8, 0, 0, 0, 3});
    for (ByteBuf each : List.of(bytes, head)) {
      ours.feed(each);
      theirs.feed(each);
      each.release();
    }
    assertThat(ours.isGone()).isTrue();
    assertThat(ours.story()).isEqualTo(theirs.story());
    ours.close();
    theirs.close();
  }

  @Test
  void paddingMakesAnEmptyFrameNoFullerThanItIs() throws Exception {
    CodecServer ours = CodecServer.ofOurs();
    CodecServer theirs = CodecServer.ofNetty();
    ByteBuf bytes = Unpooled.buffer();
    bytes.writeBytes(Http2CodecUtil.connectionPrefaceBuf()).writeBytes(SETTINGS);
    bytes.writeBytes(new RandomFrames(new Random(1)).request(3));
    for (int i = 0; i <= FrameDecoder.MAX_EMPTY_DATA; i++) {
      assertThat(ours.isGone()).isFalse();
      bytes.writeMedium(2).writeByte(0).writeByte(8).writeInt(3).writeByte(1).writeByte(0);
      ours.feed(bytes);
      theirs.feed(bytes);
      bytes.clear();
    }
    assertThat(ours.isGone()).isTrue();
    assertThat(ours.story()).isEqualTo(theirs.story());
    bytes.release();
    ours.close();
    theirs.close();
  }
}
