package dev.holdfast.gateway.frontend.codec;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.call.UpstreamCall;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.util.ArrayList;
import java.util.List;

/**
 * A request body that is needed as a whole, up to the maximum message size. The body arrives in
 * pieces of any size. The memory in use stays close to its bytes, which are charged to the client's
 * account.
 */
public final class AggregatedBody {
  private static final int LEAST_SEGMENT_BYTES = 1_024;

  @Limit(
      of =
          "bytes of memory that are taken ahead for the body of a request which is translated as"
              + " a whole",
      then = "further memory is taken when they are full")
  private static final int MOST_SEGMENT_BYTES = 65_536;

  private final List<byte[]> segments = new ArrayList<>();
  private int roomInLast;
  private int size;
  private boolean compressed;

  /** Declares that the body is compressed with gzip. */
  public void inflate() {
    compressed = true;
  }

  public boolean isCompressed() {
    return compressed;
  }

  /** Ends the body; inflates it if it is compressed. */
  public void end() {
    if (compressed) {
      byte[] inflated = MessageInflater.message(bytes(), 0, size);
      segments.clear();
      segments.add(inflated);
      size = inflated.length;
    }
  }

  public void add(byte[] chunk, int offset, int length) {
    requireLength((long) size + length);
    int old = Math.min(length, roomInLast);
    if (old > 0) {
      byte[] last = segments.get(segments.size() - 1);
      System.arraycopy(chunk, offset, last, last.length - roomInLast, old);
      roomInLast -= old;
    }
    int rest = length - old;
    if (rest > 0) {
      // Who sends all at once has what was sent, and nothing beside it.
      int least = size == 0 ? 0 : Math.min(MOST_SEGMENT_BYTES, Math.max(LEAST_SEGMENT_BYTES, size));
      byte[] next = new byte[Math.max(rest, least)];
      System.arraycopy(chunk, offset + old, next, 0, rest);
      segments.add(next);
      roomInLast = next.length - rest;
    }
    size += length;
  }

  /** The bytes of the body; the array may be longer than the body. */
  public byte[] bytes() {
    if (segments.size() > 1) {
      byte[] whole = new byte[size];
      int at = 0;
      for (byte[] segment : segments) {
        int length = Math.min(segment.length, size - at);
        System.arraycopy(segment, 0, whole, at, length);
        at += length;
      }
      segments.clear();
      segments.add(whole);
      roomInLast = 0;
    }
    return segments.isEmpty() ? FrontendResponse.NOTHING : segments.get(0);
  }

  public int size() {
    return size;
  }

  /** The memory in use in bytes, including unused capacity. */
  long heldBytes() {
    return segments.stream().mapToLong(segment -> segment.length).sum();
  }

  /**
   * Requires a length within the limit. Also called with the announced content-length, before any
   * body is read.
   *
   * @throws RequestRefusedException 413 when the length exceeds the limit
   */
  static void requireLength(long length) {
    if (length > UpstreamCall.MESSAGE_BYTES) {
      throw RequestRefusedException.tooLarge(
          "body: " + length + " bytes (expected: <= " + UpstreamCall.MESSAGE_BYTES + ")");
    }
  }
}
