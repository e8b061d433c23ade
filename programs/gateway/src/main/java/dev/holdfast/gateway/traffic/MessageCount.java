package dev.holdfast.gateway.traffic;

import io.netty.buffer.ByteBuf;

/**
 * The counter of gRPC messages in one direction of a call, by their prefixes, wherever frames cut
 * them. Does not read the messages themselves. Not thread-safe.
 */
final class MessageCount {
  private static final int PREFIX_BYTES = 5;
  private static final int BYTE_BITS = 8;

  private long messages;
  private long leftBytes;
  private int prefixBytes;
  private long length;

  /** The number of complete messages. */
  long messages() {
    return messages;
  }

  /** Scans the next bytes, which stay unread. */
  void add(ByteBuf data) {
    int at = data.readerIndex();
    int end = data.writerIndex();
    while (at < end) {
      if (leftBytes > 0) {
        int skipped = (int) Math.min(leftBytes, end - at);
        at += skipped;
        leftBytes -= skipped;
        messages += leftBytes == 0 ? 1 : 0;
      } else if (prefixBytes == 0 && end - at >= PREFIX_BYTES) {
        begin(data.getUnsignedInt(at + 1));
        at += PREFIX_BYTES;
      } else {
        addToPrefix(data.getUnsignedByte(at++));
      }
    }
  }

  /** Reads a byte of a prefix: the first is the compression flag, the others are the length. */
  private void addToPrefix(int next) {
    length = prefixBytes == 0 ? 0 : (length << BYTE_BITS) | next;
    if (++prefixBytes == PREFIX_BYTES) {
      prefixBytes = 0;
      begin(length);
    }
  }

  private void begin(long bytes) {
    leftBytes = bytes;
    messages += bytes == 0 ? 1 : 0;
  }
}
