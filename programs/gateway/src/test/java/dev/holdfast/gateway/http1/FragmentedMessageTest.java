package dev.holdfast.gateway.http1;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.limits.GatewayMemory;
import dev.holdfast.gateway.limits.MemoryAccount;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.junit.jupiter.api.Test;

class FragmentedMessageTest {
  private static final int MOST_BYTES = 1_000_000;

  /** Without caches and arenas: what is used is what was not released. */
  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false);

  private final MemoryAccount memory = GatewayMemory.ofProcess().part(Runnable::run).ownAccount();
  private final FragmentedMessage message = new FragmentedMessage(MOST_BYTES, allocator, memory);

  @Test
  void isWholeAndInOrder() {
    byte[] expected = new byte[100_000];
    for (int at = 0, length = 1; at < expected.length; at += length, length = 2 * length) {
      length = Math.min(length, expected.length - at);
      for (int i = at; i < at + length; i++) {
        expected[i] = (byte) (31 * i);
      }
      assertThat(message.add(Unpooled.wrappedBuffer(expected, at, length))).isTrue();
    }
    ByteBuf whole = message.take();
    assertThat(ByteBufUtil.getBytes(whole)).isEqualTo(expected);
    assertThat(memory.bytes()).isZero();
    whole.release();
    assertThat(allocator.metric().usedDirectMemory()).isZero();
  }

  @Test
  void takesNothingOfTheHeapAndLittleMoreThanItsBytesWhichAreOnTheAccount() {
    ByteBuf fragment = Unpooled.wrappedBuffer(new byte[10]);
    for (int bytes = 10; bytes <= MOST_BYTES; bytes += 10) {
      assertThat(message.add(fragment)).isTrue();
      long taken = allocator.metric().usedDirectMemory();
      assertThat(taken).isBetween((long) bytes, 2L * bytes + 256);
      assertThat(memory.bytes()).isEqualTo(taken);
    }
    assertThat(allocator.metric().usedDirectMemory()).isLessThan(MOST_BYTES + 65_536);
    assertThat(allocator.metric().usedHeapMemory()).isZero();
    assertThat(message.add(fragment)).as("a byte too many").isFalse();
    message.release();
    assertThat(memory.bytes()).isZero();
    assertThat(allocator.metric().usedDirectMemory()).isZero();
  }

  @Test
  void anotherOneBeginsWhereOneWasTaken() {
    message.add(Unpooled.wrappedBuffer(new byte[] {1, 2}));
    message.take().release();
    message.add(Unpooled.wrappedBuffer(new byte[] {3}));
    ByteBuf second = message.take();
    assertThat(ByteBufUtil.getBytes(second)).containsExactly(3);
    second.release();
  }

  @Test
  void hasNoBytesWithoutFragmentsThatHaveSome() {
    message.add(Unpooled.EMPTY_BUFFER);
    assertThat(message.take().isReadable()).isFalse();
  }
}
