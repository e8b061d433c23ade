package dev.holdfast.gateway.http2.codec;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2FrameTypes;

/**
 * The coalescing of small DATA frames of one stream that follow each other in a read buffer. Each
 * would cost as much as a large frame, here and at the upstream. No receiver may attach a meaning
 * to the boundaries of DATA frames (RFC 9113, 6.1).
 */
final class DataCoalescing {
  /** The longest frame that is coalesced; the result is still copied if it has to wait. */
  static final int SMALL_BYTES = 256;

  /** The number of coalesced frames that cost as much as a separate frame. */
  private static final int GATHERED_PER_FRAME = 16;

  private DataCoalescing() {}

  /** Whether a frame is unpadded DATA that does not end its stream. */
  static boolean isDataWithoutFlags(ByteBuf in, int at, int length) {
    return length > 0
        && in.getByte(at + FrameDecoder.TYPE_OFFSET) == Http2FrameTypes.DATA
        && in.getByte(at + FrameDecoder.FLAGS_OFFSET) == 0;
  }

  /**
   * Appends the small DATA frames that follow a small one, up to a frame that ends the stream.
   *
   * @param at the index of the frame; the reader index is at its end, and afterwards at the end of
   *     the last appended frame
   * @param budget charged for the appended frames
   * @return the new length of the frame's payload
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
      boolean cut = isDataWithoutFlags(in, from, next);
      boolean last =
          !cut
              && in.getByte(from + FrameDecoder.TYPE_OFFSET) == Http2FrameTypes.DATA
              && in.getByte(from + FrameDecoder.FLAGS_OFFSET) == FrameDecoder.END_STREAM;
      if (!(cut || last)
          || next > SMALL_BYTES
          || filled - from - FrameDecoder.HEAD_BYTES < next
          || in.getInt(from + FrameDecoder.STREAM_OFFSET) != id
          || to - start + next > BatchingFrameWriter.COPIED_BYTES) {
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
