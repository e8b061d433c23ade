package dev.holdfast.gateway.socket;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.internal.PlatformDependent;

/** The buffer allocator of all gateway connections in a process. */
public final class GatewayBuffers {
  private static final int PAGE_BYTES = 8_192;

  /**
   * The order of a chunk, which makes 1 MiB. For each size of small buffers an arena keeps the page
   * that it used last, and with it a chunk, for ever. With chunks of 4 MiB, Netty's default, 54 MB
   * stayed after a peak of clients. Smaller chunks would be below the sizes that glibc takes from
   * the system one by one.
   */
  private static final int CHUNK_ORDER = 7;

  private static final PooledByteBufAllocator POOL = newPool();

  /**
   * The shared allocator. Netty's default, the adaptive allocator, keeps the chunks of a peak of
   * clients for ever; this one releases them.
   */
  public static final ByteBufAllocator ALLOCATOR = POOL;

  private GatewayBuffers() {}

  /** A pool of the gateway's arenas and chunks. */
  static PooledByteBufAllocator newPool() {
    return new PooledByteBufAllocator(
        PlatformDependent.directBufferPreferred(),
        PooledByteBufAllocator.defaultNumHeapArena(),
        PooledByteBufAllocator.defaultNumDirectArena(),
        PAGE_BYTES,
        CHUNK_ORDER,
        PooledByteBufAllocator.defaultSmallCacheSize(),
        PooledByteBufAllocator.defaultNormalCacheSize(),
        PooledByteBufAllocator.defaultUseCacheForAllThreads());
  }

  /** Releases the buffers that this thread caches. */
  public static void trim() {
    POOL.trimCurrentThreadCache();
  }
}
