package dev.holdfast.gateway.socket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.loop.ForwardingLoop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.DefaultEventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Memory of buffers that are free again, and how much of it stays. */
@Isolated("it reads how much memory the pool of all connections in the JVM holds")
class GatewayBuffersTest {
  private static final int BUFFERED_BYTES = 48 << 20;
  private static final int MOST_LEFT_BYTES = 24 << 20;
  private static final int LEAST_SIZE = 256;
  private static final int MOST_SIZE = 32_768;

  @Test
  void theLastPageOfEachSizeHoldsLittleMemory() throws Exception {
    // Not the shared pool, for chunks that other tests left there are not of this peak.
    PooledByteBufAllocator pool = GatewayBuffers.newPool();
    DefaultEventLoop loop = new DefaultEventLoop();
    try {
      long most = loop.submit(() -> peakOf(pool, pool::trimCurrentThreadCache)).get();
      assertThat(most).isGreaterThan(BUFFERED_BYTES);
      assertThat(pool.metric().usedDirectMemory()).isLessThan(MOST_LEFT_BYTES);
    } finally {
      loop.shutdownGracefully(0, 0, TimeUnit.SECONDS).sync();
    }
  }

  @Test
  void freeBuffersThatALoopCachesReturnToTheSharedPool() throws Exception {
    PooledByteBufAllocator shared = (PooledByteBufAllocator) GatewayBuffers.ALLOCATOR;
    DefaultEventLoop loop = new DefaultEventLoop();
    try {
      long most = loop.submit(() -> peakOf(shared, ForwardingLoop::releaseSpareBuffers)).get();
      assertThat(most).isGreaterThan(BUFFERED_BYTES);
      assertThat(shared.metric().usedDirectMemory())
          .isLessThan(most - BUFFERED_BYTES + MOST_LEFT_BYTES);
    } finally {
      loop.shutdownGracefully(0, 0, TimeUnit.SECONDS).sync();
    }
  }

  /**
   * The bytes that a pool held while many buffers of each size were in use; all are free again, and
   * {@code trim} was called, when this returns.
   */
  private static long peakOf(PooledByteBufAllocator pool, Runnable trim) {
    List<ByteBuf> buffers = new ArrayList<>();
    // Size after size, so that the last pages of all lie far from each other.
    for (int size = LEAST_SIZE; size <= MOST_SIZE; size += size / 2) {
      for (int bytes = 0; bytes < BUFFERED_BYTES / 8; bytes += size) {
        buffers.add(pool.directBuffer(size));
      }
    }
    long held = pool.metric().usedDirectMemory();
    buffers.forEach(ByteBuf::release);
    trim.run();
    return held;
  }

  @Test
  void buffersKeptForTheNextReadAreFreed() throws Exception {
    DefaultEventLoop loop = new DefaultEventLoop();
    try {
      ByteBuf kept =
          loop.submit(
                  () -> {
                    ByteBuf buffer = SpareBuffers.take();
                    SpareBuffers.give(buffer, MOST_SIZE);
                    return buffer;
                  })
              .get();
      assertThat(kept.refCnt()).isOne();
      loop.submit(ForwardingLoop::releaseSpareBuffers).get();
      assertThat(kept.refCnt()).isZero();
    } finally {
      loop.shutdownGracefully(0, 0, TimeUnit.SECONDS).sync();
    }
  }
}
