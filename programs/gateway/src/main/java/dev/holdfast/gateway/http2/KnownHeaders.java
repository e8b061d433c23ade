package dev.holdfast.gateway.http2;

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
final class KnownHeaders {
  private static final int SHARED = 64;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  /**
   * The shared entries of a thread, which the connections keep alive; a new entry replaces another
   * one at the same index.
   */
  private static final FastThreadLocal<@Nullable WeakReference<KnownHeaders>[]> MINE =
      new FastThreadLocal<>() {
        @SuppressWarnings({"unchecked", "rawtypes"})
        @Override
        protected @Nullable WeakReference<KnownHeaders>[] initialValue() {
          return new WeakReference[SHARED];
        }
      };

  private final byte[] block;
  private final Head head;
  private final Object owner;

  private KnownHeaders(byte[] block, Head head, Object owner) {
    this.block = block;
    this.head = head;
    this.owner = owner;
  }

  /**
   * The entry of another connection if there is an equal one, else a new entry.
   *
   * @param owner of the headers; equal for clients that are the same to upstreams
   */
  static KnownHeaders of(byte[] block, Head head, Object owner) {
    @Nullable WeakReference<KnownHeaders>[] shared = MINE.get();
    int place = (31 * Arrays.hashCode(block) + owner.hashCode()) & (SHARED - 1);
    WeakReference<KnownHeaders> reference = shared[place];
    KnownHeaders there = reference == null ? null : reference.get();
    if (there != null
        && there.owner.equals(owner)
        && Arrays.equals(there.block, block)
        && there.head.equals(head)) {
      return there;
    }
    head.remember();
    KnownHeaders fresh = new KnownHeaders(block, head, owner);
    shared[place] = new WeakReference<>(fresh);
    return fresh;
  }

  Head head() {
    return head;
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
