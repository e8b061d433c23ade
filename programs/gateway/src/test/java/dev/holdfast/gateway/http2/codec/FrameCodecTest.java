package dev.holdfast.gateway.http2.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledHeapByteBuf;
import io.netty.handler.codec.http2.Http2CodecUtil;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Our streams, windows and short ways do what Netty's do with the same bytes, in both roles. */
class FrameCodecTest {
  private static final int SEEDS = 250;
  private static final int STEPS = 60;
  private static final int SHOWN_BYTES = 32;
  private static final int FRAME_BYTES = 16_384;

  /** HEADERS of stream 1, without its end. */
  private static final byte[] POST = {
    0, 0, 6, 1, 4, 0, 0, 0, 1, (byte) 0x83, (byte) 0x86, (byte) 0x84, 0x41, 1, 'a'
  };

  private static final byte[] SETTINGS = {0, 0, 0, 4, 0, 0, 0, 0, 0};

  /** Which stream gets the last bytes of a connection's window is everybody's own choice. */
  private static final byte[] WIDE_CONNECTION = {0, 0, 4, 8, 0, 0, 0, 0, 0, 0x40, 0, 0, 0};

  @Test
  void doesWhatNettyDoesWhateverComes() throws Exception {
    int gone = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      CodecServer ours = CodecServer.ofOurs();
      CodecServer past = CodecServer.ofOursPastPipeline();
      CodecServer stock = CodecServer.ofStock();
      CodecServer theirs = CodecServer.ofNetty();
      Random random = new Random(seed);
      RandomFrames client = new RandomFrames(random);
      ByteBuf bytes = Http2CodecUtil.connectionPrefaceBuf();
      bytes = Unpooled.buffer().writeBytes(bytes).writeBytes(SETTINGS).writeBytes(WIDE_CONNECTION);
      for (int step = 0; step < STEPS && !theirs.isGone(); step++) {
        while (bytes.isReadable()) {
          ByteBuf piece = bytes.readSlice(1 + random.nextInt(bytes.readableBytes()));
          ours.feed(piece);
          past.feed(piece);
          stock.feed(piece);
          theirs.feed(piece);
        }
        assertThat(ours.story()).as("seed %d, step %d", seed, step).isEqualTo(theirs.story());
        assertThat(past.story()).as("past, seed %d, step %d", seed, step).isEqualTo(theirs.story());
        assertThat(stock.story())
            .as("stock, seed %d, step %d", seed, step)
            .isEqualTo(theirs.story());
        bytes.release();
        bytes = client.next();
      }
      gone += theirs.isGone() ? 1 : 0;
      bytes.release();
      ours.close();
      past.close();
      stock.close();
      theirs.close();
    }
    assertThat(gone).as("connections that met their end").isBetween(SEEDS / 10, SEEDS * 9 / 10);
  }

  /** Reads of large messages begin and end within frames; Netty's decoder would copy each. */
  @Test
  void aReadBehindAPartOfAFrameIsCopiedUpToTheEndOfTheFrameOnly() throws Exception {
    LargestBuffer allocator = new LargestBuffer();
    CodecServer ours = CodecServer.ofOurs().allocatingFrom(allocator);
    ByteBuf bytes = Http2CodecUtil.connectionPrefaceBuf();
    bytes = Unpooled.buffer().writeBytes(bytes).writeBytes(SETTINGS).writeBytes(POST);
    for (int i = 0; i < 3; i++) {
      bytes.writeMedium(FRAME_BYTES).writeByte(0).writeByte(0).writeInt(1).writeZero(FRAME_BYTES);
    }
    int part = FRAME_BYTES + FRAME_BYTES / 2;

    ours.feed(bytes.readSlice(bytes.readableBytes() - part - FRAME_BYTES / 4));
    ours.feed(bytes);

    assertThat(ours.story().split("D" + FRAME_BYTES, -1)).hasSize(4);
    assertThat(allocator.bytes).isBetween(FRAME_BYTES, 2 * FRAME_BYTES);
    bytes.release();
    ours.close();
  }

  /** An allocator that knows the largest buffer that it was asked for. */
  private static final class LargestBuffer extends AbstractByteBufAllocator {
    private int bytes;

    @Override
    protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
      bytes = Math.max(bytes, initialCapacity);
      return new UnpooledHeapByteBuf(this, initialCapacity, maxCapacity);
    }

    @Override
    protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
      return newHeapBuffer(initialCapacity, maxCapacity);
    }

    @Override
    public boolean isDirectBufferPooled() {
      return false;
    }
  }

  @Test
  void doesWhatNettyDoesAsAClientWhateverItsServerSends() throws Exception {
    int gone = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      CodecClient ours = CodecClient.ofOurs();
      CodecClient stock = CodecClient.ofStock();
      CodecClient theirs = CodecClient.ofNetty();
      Random random = new Random(seed);
      RandomAnswers server = new RandomAnswers(random);
      int requests = 0;
      ByteBuf bytes = Unpooled.buffer().writeBytes(SETTINGS).writeBytes(WIDE_CONNECTION);
      for (int step = 0; step < STEPS && !theirs.isGone(); step++) {
        if (random.nextInt(3) == 0) {
          int body = random.nextInt(3) == 0 ? 0 : random.nextInt(40_000);
          boolean made = theirs.request(body);
          assertThat(ours.request(body)).as("seed %d, step %d", seed, step).isEqualTo(made);
          assertThat(stock.request(body)).as("seed %d, step %d", seed, step).isEqualTo(made);
          requests += made ? 1 : 0;
        }
        String frame = ByteBufUtil.hexDump(bytes, 0, Math.min(bytes.readableBytes(), SHOWN_BYTES));
        while (bytes.isReadable()) {
          ByteBuf piece = bytes.readSlice(1 + random.nextInt(bytes.readableBytes()));
          ours.feed(piece);
          stock.feed(piece);
          theirs.feed(piece);
        }
        assertThat(ours.story())
            .as("seed %d, step %d, %s", seed, step, frame)
            .isEqualTo(theirs.story());
        assertThat(stock.story())
            .as("stock, seed %d, step %d, %s", seed, step, frame)
            .isEqualTo(theirs.story());
        bytes.release();
        bytes = server.next(requests);
      }
      gone += theirs.isGone() ? 1 : 0;
      bytes.release();
      ours.close();
      stock.close();
      theirs.close();
    }
    assertThat(gone).as("connections that met their end").isBetween(SEEDS / 10, SEEDS * 9 / 10);
  }

  /** Push is switched off by the client's SETTINGS (RFC 9113, 8.4); Netty lets some of it pass. */
  @Test
  void pushedStreamEndsTheConnection() throws Exception {
    CodecClient ours = CodecClient.ofOurs();
    assertThat(ours.request(0)).isTrue();
    ByteBuf bytes = Unpooled.buffer().writeBytes(SETTINGS);
    bytes.writeMedium(5).writeByte(5).writeByte(4).writeInt(3).writeInt(2).writeByte(0x88);
    ours.feed(bytes);
    assertThat(ours.isGone()).isTrue();
    assertThat(ours.story()).contains("G1 after");
    bytes.release();
    ours.close();
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
