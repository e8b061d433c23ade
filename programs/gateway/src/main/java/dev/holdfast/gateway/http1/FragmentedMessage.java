package dev.holdfast.gateway.http1;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.limits.MemoryAccount;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;

/**
 * A WebSocket message whose fragments arrive one by one (RFC 6455, 5.4). The bytes are kept in
 * direct memory. On the heap, unfinished messages of hundreds of clients would have the garbage
 * collector copy gigabytes. Segments grow with the message, so that little room is unused. The
 * memory account is charged for whole segments.
 */
final class FragmentedMessage {
  private static final int LEAST_SEGMENT_BYTES = 256;

  @Limit(
      of = "bytes of memory that are taken ahead for a fragmented message of a WebSocket",
      then = "further memory is taken when they are full")
  private static final int MOST_SEGMENT_BYTES = 65_536;

  private final int maxBytes;
  private final ByteBufAllocator allocator;
  private final MemoryAccount memory;
  private final List<ByteBuf> segments = new ArrayList<>(2);
  private int size;
  private int charged;

  /**
   * A message without any fragments yet.
   *
   * @param maxBytes the largest size of the whole message
   */
  FragmentedMessage(int maxBytes, ByteBufAllocator allocator, MemoryAccount memory) {
    this.maxBytes = maxBytes;
    this.allocator = allocator;
    this.memory = memory;
  }

  /**
   * Copies a fragment; the caller still owns it.
   *
   * @return whether the message is within its size limit
   */
  boolean add(ByteBuf fragment) {
    int bytes = fragment.readableBytes();
    if (bytes > maxBytes - size) {
      return false;
    }
    int from = fragment.readerIndex();
    if (!segments.isEmpty()) {
      ByteBuf last = segments.get(segments.size() - 1);
      int old = Math.min(bytes, last.writableBytes());
      last.writeBytes(fragment, from, old);
      from += old;
    }
    size += bytes;
    int rest = fragment.writerIndex() - from;
    if (rest > 0) {
      int ahead = Math.min(MOST_SEGMENT_BYTES, Math.max(LEAST_SEGMENT_BYTES, size - bytes));
      int room = Math.max(rest, ahead);
      ByteBuf next = allocator.directBuffer(room, room);
      next.writeBytes(fragment, from, rest);
      segments.add(next);
      charged += room;
      // This may be the client that has to give memory up: then the message is gone already.
      memory.charge(room);
    }
    return true;
  }

  /** Takes the whole message, which the caller must release, and resets this one to empty. */
  ByteBuf take() {
    ByteBuf whole = Unpooled.EMPTY_BUFFER;
    if (!segments.isEmpty()) {
      CompositeByteBuf parts = allocator.compositeDirectBuffer(segments.size());
      segments.forEach(each -> parts.addComponent(true, each));
      segments.clear();
      whole = parts;
    }
    release();
    return whole;
  }

  /** Drops the message and releases its memory. A new message may begin. */
  void release() {
    segments.forEach(ByteBuf::release);
    segments.clear();
    memory.credit(charged);
    charged = 0;
    size = 0;
  }
}
