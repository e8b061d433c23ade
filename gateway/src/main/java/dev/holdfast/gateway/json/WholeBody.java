package dev.holdfast.gateway.json;

import dev.holdfast.gateway.http2.UpstreamCall;
import dev.holdfast.transcoding.http.RequestRefusedException;
import java.util.Arrays;

/** A body that is needed as a whole, up to the longest message. */
final class WholeBody {
  private byte[] bytes = Answer.NOTHING;
  private int size;
  private boolean compressed;

  /** Takes what comes as gzip. */
  void inflate() {
    compressed = true;
  }

  boolean isCompressed() {
    return compressed;
  }

  /** All of it, inflated, where it was compressed. */
  void end() {
    if (compressed) {
      bytes = Inflated.message(bytes, 0, size);
      size = bytes.length;
    }
  }

  void add(byte[] chunk, int offset, int length) {
    requireLength((long) size + length);
    if (size == 0) {
      bytes = Arrays.copyOfRange(chunk, offset, offset + length);
    } else {
      if (bytes.length < size + length) {
        int room = Math.min(UpstreamCall.MESSAGE_BYTES, 2 * bytes.length);
        bytes = Arrays.copyOf(bytes, Math.max(size + length, room));
      }
      System.arraycopy(chunk, offset, bytes, size, length);
    }
    size += length;
  }

  byte[] bytes() {
    return bytes;
  }

  int size() {
    return size;
  }

  /** Also asked with what a client announces, before any of it is read. */
  static void requireLength(long length) {
    if (length > UpstreamCall.MESSAGE_BYTES) {
      throw RequestRefusedException.tooLarge(
          "body: " + length + " bytes (expected: <= " + UpstreamCall.MESSAGE_BYTES + ")");
    }
  }
}
