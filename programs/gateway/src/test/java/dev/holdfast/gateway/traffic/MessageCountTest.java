package dev.holdfast.gateway.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MessageCountTest {
  @Test
  void messagesAreCountedWhereverFramesCutThem() {
    for (int seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      int messages = random.nextInt(20);
      ByteBuf all = Unpooled.buffer();
      for (int i = 0; i < messages; i++) {
        int bytes = random.nextInt(3) == 0 ? 0 : random.nextInt(random.nextBoolean() ? 8 : 700);
        // What looks like a prefix in a message is none.
        all.writeByte(random.nextInt(2)).writeInt(bytes).writeBytes(new byte[bytes]);
      }
      int cut = random.nextBoolean() ? 0 : 1 + random.nextInt(4);
      all.writeByte(0).writeInt(9).writeZero(cut);
      all.writerIndex(all.writerIndex() - (random.nextBoolean() ? 0 : 1));

      MessageCount count = new MessageCount();
      while (all.isReadable()) {
        int most = Math.min(all.readableBytes(), 1 + random.nextInt(random.nextBoolean() ? 6 : 99));
        count.add(all.readSlice(most));
      }
      assertThat(count.messages()).as("seed %d", seed).isEqualTo(messages);
    }
  }

  @Test
  void aMessageMayBeOfFourGigabytes() {
    MessageCount count = new MessageCount();
    count.add(Unpooled.buffer().writeByte(0).writeInt(-1).writeZero(10));
    assertThat(count.messages()).isZero();
  }
}
