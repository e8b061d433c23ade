package dev.holdfast.gateway.http2;

import io.netty.buffer.ByteBuf;

/**
 * Whether the bytes of a peer end between two frames. Reads along with Netty's decoder, which takes
 * the nine bytes of a frame's head as soon as they are there, and its payload when all of it is; no
 * frame may come between the frames of one block of headers (RFC 9113, 4.3).
 */
final class FrameProgress {
  private static final int HEAD_BYTES = 9;
  private static final int TYPE_OFFSET = 3;
  private static final int FLAGS_OFFSET = 4;
  private static final byte HEADERS = 1;
  private static final byte CONTINUATION = 9;
  private static final int END_HEADERS = 4;
  private static final int NONE = -1;

  private int payload = NONE;
  private boolean blockOpen;
  private boolean inside;
  private long ends;
  private int scannedIndex;
  private int ahead;

  /** Looks at the bytes that the decoder will be given. */
  void onBytes(ByteBuf in) {
    int at = in.readerIndex() + ahead;
    int end = in.writerIndex();
    while (true) {
      if (payload == NONE) {
        if (end - at < HEAD_BYTES) {
          break;
        }
        payload = in.getUnsignedMedium(at);
        byte type = in.getByte(at + TYPE_OFFSET);
        if (type == HEADERS || type == CONTINUATION) {
          blockOpen = (in.getByte(at + FLAGS_OFFSET) & END_HEADERS) == 0;
        }
        at += HEAD_BYTES;
      }
      if (end - at < payload) {
        break;
      }
      at += payload;
      payload = NONE;
      if (!blockOpen) {
        ends++;
      }
    }
    scannedIndex = at;
    inside = blockOpen || payload != NONE || at < end;
  }

  /** The decoder was given them; it may have stopped early, and will be given the rest again. */
  void onDecoded(ByteBuf in) {
    ahead = Math.max(0, scannedIndex - in.readerIndex());
  }

  /** How many frames, or whole blocks of headers, came to their end. */
  long ends() {
    return ends;
  }

  /** Whether something began that has not ended. */
  boolean isInside() {
    return inside;
  }
}
