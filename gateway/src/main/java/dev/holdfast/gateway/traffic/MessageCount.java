package dev.holdfast.gateway.traffic;

import io.netty.buffer.ByteBuf;

/**
 * Counts the messages of one direction of a call of gRPC by their prefixes; frames may cut them
 * anywhere. Reads no byte of a message itself. On one thread.
 */
final class MessageCount {
  private static final int PREFIX_BYTES = 5;
  private static final int BYTE_BITS = 8;

  private long messages;
  private long leftBytes;
  private int prefixBytes;
  private long length;

  /** Messages that came as a whole. */
  long messages() {
    return messages;
  }

  /** The next bytes; they stay as they are. */
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

  /** The first byte of a prefix says whether the message is compressed, the others how long. */
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
