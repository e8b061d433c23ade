package dev.holdfast.gateway.http2.codec;

import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/** The header blocks of cases, for a connection that is to know them again. */
final class HeaderBlocks {
  static final byte[] TRAILERS = CaseFrames.block("x-last", "1");

  private static final int HEAD_BYTES = 9;
  private static final int WARM_STREAM = 1;

  private HeaderBlocks() {}

  /**
   * The block of the first headers that come in a case, or before its frames; none if they can't
   * come twice.
   */
  static Optional<byte[]> repeatedOf(CodecCase each) {
    boolean begins =
        each.state() == CaseState.IDLE || (!each.server() && each.state() == CaseState.REQUESTED);
    byte[] frames = each.bytes();
    if (!begins) {
      return Optional.of(each.server() ? CaseFrames.request() : CaseFrames.response());
    }
    if (frames.length < HEAD_BYTES) {
      return Optional.empty();
    }
    int length = ByteBuffer.wrap(frames).getInt(0) >>> Byte.SIZE;
    boolean plain =
        frames[3] == CaseFrames.HEADERS
            && (frames[4] & ~CaseFrames.END_STREAM) == CaseFrames.END_HEADERS
            && ByteBuffer.wrap(frames).getInt(5) != WARM_STREAM
            && length <= frames.length - HEAD_BYTES;
    if (!plain || length == 0) {
      return Optional.empty();
    }
    byte[] block = Arrays.copyOfRange(frames, HEAD_BYTES, HEAD_BYTES + length);
    boolean keeps = HeaderBlock.keepsDynamicTable(Unpooled.wrappedBuffer(block), 0, length);
    return keeps ? Optional.of(block) : Optional.empty();
  }
}
