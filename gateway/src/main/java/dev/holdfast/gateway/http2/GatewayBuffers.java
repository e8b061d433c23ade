package dev.holdfast.gateway.http2;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.internal.PlatformDependent;

/** The allocator of buffers of all connections of the gateways of a process. */
public final class GatewayBuffers {
  private static final int PAGE_BYTES = 8_192;

  /**
   * Chunks of 1 MiB: for each size of small buffers an arena keeps the page that it used last, and
   * with it a chunk, for ever. With chunks of 4 MiB, Netty's default, 54 MB stood after a crowd of
   * clients. Chunks of less would be below what glibc takes from the system one by one.
   */
  private static final int CHUNK_ORDER = 7;

  private static final PooledByteBufAllocator POOL =
      new PooledByteBufAllocator(
          PlatformDependent.directBufferPreferred(),
          PooledByteBufAllocator.defaultNumHeapArena(),
          PooledByteBufAllocator.defaultNumDirectArena(),
          PAGE_BYTES,
          CHUNK_ORDER,
          PooledByteBufAllocator.defaultSmallCacheSize(),
          PooledByteBufAllocator.defaultNormalCacheSize(),
          PooledByteBufAllocator.defaultUseCacheForAllThreads());

  /**
   * Netty's default, the adaptive allocator, keeps the chunks of a crowd of clients for ever; this
   * one gives them back.
   */
  public static final ByteBufAllocator ALLOCATOR = POOL;

  private GatewayBuffers() {}

  /** Gives back what this thread keeps for buffers to come. */
  static void trim() {
    POOL.trimCurrentThreadCache();
  }

  /** Bytes of all chunks that are not on the heap, used or not. */
  static long directBytes() {
    return POOL.metric().usedDirectMemory();
  }
}
