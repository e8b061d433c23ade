package dev.holdfast.gateway.call;

import dev.holdfast.gateway.limits.MemoryAccount;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/**
 * The assembler of gRPC messages from the DATA of a call. Its buffer grows with the bytes received,
 * not with the length that a prefix promises, and is charged to an account.
 */
final class MessageDeframer {
  static final int PREFIX_BYTES = 5;

  private static final byte COMPRESSED = 1;
  private static final int FIRST_ROOM = 4_096;

  /**
   * The largest buffer that is kept for the next message, since a stream may be silent for hours.
   */
  private static final int KEPT_ROOM = 16_384;

  private static final byte[] NOTHING = {};

  private final int maxBytes;
  private final MemoryAccount memory;
  private final byte[] prefix = new byte[PREFIX_BYTES];
  private int prefixBytes;
  private byte[] message = NOTHING;
  private int size = -1;
  private int filled;
  private boolean mayCompress;
  private boolean compressed;

  MessageDeframer(int maxBytes, MemoryAccount memory) {
    this.maxBytes = maxBytes;
    this.memory = memory;
  }

  /** An invalid or too large message of an upstream. */
  static final class InvalidGrpcMessageException extends Exception {
    private static final long serialVersionUID = 1L;
    private final boolean tooLarge;

    InvalidGrpcMessageException(boolean tooLarge, String what) {
      super(what, null, false, false);
      this.tooLarge = tooLarge;
    }

    boolean isTooLarge() {
      return tooLarge;
    }
  }

  /** Accepts compressed messages from now on, as the response headers allow. */
  void mayCompress() {
    mayCompress = true;
  }

  /** Whether the complete message is compressed. */
  boolean isCompressed() {
    return compressed;
  }

  /**
   * Reads bytes until a message is complete.
   *
   * @return whether it is complete
   */
  boolean take(ByteBuf data) throws InvalidGrpcMessageException {
    if (size < 0) {
      int taken = Math.min(PREFIX_BYTES - prefixBytes, data.readableBytes());
      data.readBytes(prefix, prefixBytes, taken);
      prefixBytes += taken;
      if (prefixBytes < PREFIX_BYTES) {
        return false;
      }
      size = size();
      filled = 0;
    }
    int more = Math.min(size - filled, data.readableBytes());
    if (message.length < filled + more) {
      int doubled = Math.max(FIRST_ROOM, 2 * message.length);
      int before = message.length;
      message = Arrays.copyOf(message, Math.min(size, Math.max(filled + more, doubled)));
      memory.charge(message.length - before);
    }
    data.readBytes(message, filled, more);
    filled += more;
    if (filled < size) {
      return false;
    }
    prefixBytes = 0;
    size = -1;
    return true;
  }

  /** Releases a large buffer after its message was read. */
  void trim() {
    if (message.length > KEPT_ROOM) {
      release();
    }
  }

  /** Releases the buffer; an incomplete message is lost. */
  void release() {
    memory.credit(message.length);
    message = NOTHING;
  }

  /** Whether a message has begun and is incomplete. */
  boolean hasPartialMessage() {
    return prefixBytes > 0;
  }

  /** The buffer; the complete message is its first {@link #length} bytes. */
  byte[] message() {
    return message;
  }

  int length() {
    return filled;
  }

  private int size() throws InvalidGrpcMessageException {
    int length =
        (prefix[1] & 0xFF) << 24
            | (prefix[2] & 0xFF) << 16
            | (prefix[3] & 0xFF) << 8
            | (prefix[4] & 0xFF);
    compressed = mayCompress && prefix[0] == COMPRESSED;
    if (prefix[0] != 0 && !compressed) {
      String expected = mayCompress ? "0 or 1" : "0, uncompressed";
      String flag = "a message with flag " + (prefix[0] & 0xFF) + " (expected: " + expected + ")";
      throw new InvalidGrpcMessageException(false, flag);
    }
    if (length < 0 || length > maxBytes) {
      String what = "a message of " + Integer.toUnsignedLong(length) + " bytes";
      throw new InvalidGrpcMessageException(true, what + " (expected: <= " + maxBytes + ")");
    }
    return length;
  }
}
