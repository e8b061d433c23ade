package dev.holdfast.gateway.http2.codec;

import dev.holdfast.gateway.headers.ReceivedHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A cached header block and its decoded headers. The connections of one thread share equal entries,
 * if upstreams see the same client. So facts that one call derived from the headers serve the calls
 * of all these connections.
 */
final class CachedHeaderBlock {
  private static final int SHARED = 64;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  /**
   * The shared entries of a thread, which the connections keep alive; a new entry replaces another
   * one at the same index.
   */
  private static final FastThreadLocal<@Nullable WeakReference<CachedHeaderBlock>[]> MINE =
      new FastThreadLocal<>() {
        @SuppressWarnings({"unchecked", "rawtypes"})
        @Override
        protected @Nullable WeakReference<CachedHeaderBlock>[] initialValue() {
          return new WeakReference[SHARED];
        }
      };

  private final byte[] block;
  private final ReceivedHeaders receivedHeaders;
  private final Object owner;

  private CachedHeaderBlock(byte[] block, ReceivedHeaders receivedHeaders, Object owner) {
    this.block = block;
    this.receivedHeaders = receivedHeaders;
    this.owner = owner;
  }

  /**
   * The entry of another connection if there is an equal one, else a new entry.
   *
   * @param owner of the headers; equal for clients that are the same to upstreams
   */
  static CachedHeaderBlock of(byte[] block, ReceivedHeaders receivedHeaders, Object owner) {
    @Nullable WeakReference<CachedHeaderBlock>[] shared = MINE.get();
    int place = (31 * Arrays.hashCode(block) + owner.hashCode()) & (SHARED - 1);
    WeakReference<CachedHeaderBlock> reference = shared[place];
    CachedHeaderBlock there = reference == null ? null : reference.get();
    if (there != null
        && there.owner.equals(owner)
        && Arrays.equals(there.block, block)
        && there.receivedHeaders.equals(receivedHeaders)) {
      return there;
    }
    receivedHeaders.markCached();
    CachedHeaderBlock fresh = new CachedHeaderBlock(block, receivedHeaders, owner);
    shared[place] = new WeakReference<>(fresh);
    return fresh;
  }

  ReceivedHeaders receivedHeaders() {
    return receivedHeaders;
  }

  /** Whether the bytes at an index are this block. */
  boolean isAt(ByteBuf in, int at, int length) {
    if (block.length != length) {
      return false;
    }
    int i = 0;
    for (; i <= length - Long.BYTES; i += Long.BYTES) {
      if ((long) LONGS.get(block, i) != in.getLong(at + i)) {
        return false;
      }
    }
    for (; i < length; i++) {
      if (block[i] != in.getByte(at + i)) {
        return false;
      }
    }
    return true;
  }
}
