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
 * A block of headers, and what it was decoded to. Connections of one thread whose clients are the
 * same to upstreams share those that are equal: a call over any of them then finds in the cache
 * what the one before it had asked of the headers.
 */
final class KnownHeaders {
  private static final int SHARED = 64;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  /** Held by the connections; who comes next at the same place takes it. */
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
   * Those of another connection if there are equal ones.
   *
   * @param owner whose headers they are; equal for those that are the same to upstreams
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

  /** Whether the bytes at an index are its block. */
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
