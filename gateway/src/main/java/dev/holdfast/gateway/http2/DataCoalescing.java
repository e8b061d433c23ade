package dev.holdfast.gateway.http2;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2FrameTypes;

/**
 * Coalesces small DATA frames of one stream that lie behind each other in a read buffer. Each would
 * cost as much as a large frame, here and at the upstream. No receiver may attach a meaning to how
 * DATA is cut (RFC 9113, 6.1).
 */
final class DataCoalescing {
  /** Longer frames of DATA stay as they are; what is put together is still copied when it waits. */
  static final int SMALL_BYTES = 256;

  /** So many of them cost as much as one frame that is handled by itself. */
  private static final int GATHERED_PER_FRAME = 16;

  private DataCoalescing() {}

  /** Whether a frame is DATA, not padded, that more follows. */
  static boolean isCutData(ByteBuf in, int at, int length) {
    return length > 0
        && in.getByte(at + FrameDecoder.TYPE_OFFSET) == Http2FrameTypes.DATA
        && in.getByte(at + FrameDecoder.FLAGS_OFFSET) == 0;
  }

  /**
   * Appends to a small frame of DATA the small ones behind it, up to one that ends the stream.
   *
   * @param at where the frame begins; the buffer is read up to its end, and up to the end of the
   *     last appended one afterwards
   * @param budget charged for what is appended
   * @return how long its payload is then
   */
  static int gather(ByteBuf in, int at, int length, TurnBudget budget) {
    int id = in.getInt(at + FrameDecoder.STREAM_OFFSET);
    int start = at + FrameDecoder.HEAD_BYTES;
    int to = start + length;
    int from = in.readerIndex();
    int filled = in.writerIndex();
    int frames = 0;
    boolean open = true;
    while (open && filled - from >= FrameDecoder.HEAD_BYTES) {
      int next = in.getUnsignedMedium(from);
      boolean cut = isCutData(in, from, next);
      boolean last =
          !cut
              && in.getByte(from + FrameDecoder.TYPE_OFFSET) == Http2FrameTypes.DATA
              && in.getByte(from + FrameDecoder.FLAGS_OFFSET) == FrameDecoder.END_STREAM;
      if (!(cut || last)
          || next > SMALL_BYTES
          || filled - from - FrameDecoder.HEAD_BYTES < next
          || in.getInt(from + FrameDecoder.STREAM_OFFSET) != id
          || to - start + next > FrameWriter.COPIED_BYTES) {
        break;
      }
      in.setBytes(to, in, from + FrameDecoder.HEAD_BYTES, next);
      to += next;
      from += FrameDecoder.HEAD_BYTES + next;
      open = cut;
      frames++;
    }
    if (frames > 0) {
      in.readerIndex(from);
      in.setMedium(at, to - start);
      in.setByte(at + FrameDecoder.FLAGS_OFFSET, open ? 0 : FrameDecoder.END_STREAM);
      budget.spend(frames / GATHERED_PER_FRAME);
    }
    return to - start;
  }
}
