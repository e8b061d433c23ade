package dev.holdfast.transcoding.http;

import java.util.Arrays;

/**
 * Reads messages that stand behind five bytes, one of flags and four of length, from a body that
 * comes in pieces: gRPC, gRPC-Web and Connect's streams. A message that is whole within a piece is
 * handed out from there, uncopied. For one thread.
 */
public final class EnvelopeReader {
  /** Flags and length. */
  public static final int PREFIX_BYTES = 5;

  /** Takes the messages. */
  public interface Sink {
    /**
     * One message, good until this returns.
     *
     * @param flags 0 to 255
     */
    void message(int flags, byte[] bytes, int offset, int length);
  }

  private final int maxBytes;
  private final byte[] prefix = new byte[PREFIX_BYTES];
  private int prefixBytes;
  private byte[] held = {};
  private int heldBytes;

  /**
   * A reader.
   *
   * @param maxBytes the longest message, without its prefix
   */
  public EnvelopeReader(int maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** A message with its prefix. */
  public static byte[] envelope(int flags, byte[] message, int offset, int length) {
    byte[] whole = new byte[PREFIX_BYTES + length];
    whole[0] = (byte) flags;
    whole[1] = (byte) (length >>> 24);
    whole[2] = (byte) (length >>> 16);
    whole[3] = (byte) (length >>> 8);
    whole[4] = (byte) length;
    System.arraycopy(message, offset, whole, PREFIX_BYTES, length);
    return whole;
  }

  /**
   * Takes the next piece and hands out the messages that end in it.
   *
   * @throws RequestRefusedException 413 for a message that is too long; nothing is kept of it
   */
  public void feed(byte[] chunk, int offset, int length, Sink sink) {
    int end = offset + length;
    int at = offset;
    while (at < end) {
      at += feedOne(chunk, at, end - at, sink);
    }
  }

  /**
   * Takes the next piece, but nothing of it behind the first message that ends in it.
   *
   * @return how many bytes were taken: all of them when no message ended
   * @throws RequestRefusedException as {@link #feed}
   */
  public int feedOne(byte[] chunk, int offset, int length, Sink sink) {
    int end = offset + length;
    int at = offset;
    int taken = Math.min(PREFIX_BYTES - prefixBytes, end - at);
    System.arraycopy(chunk, at, prefix, prefixBytes, taken);
    prefixBytes += taken;
    at += taken;
    if (prefixBytes < PREFIX_BYTES) {
      return length;
    }
    int size = size();
    int flags = prefix[0] & 0xFF;
    if (heldBytes == 0 && end - at >= size) {
      prefixBytes = 0;
      sink.message(flags, chunk, at, size);
      return at + size - offset;
    }
    int more = Math.min(size - heldBytes, end - at);
    hold(chunk, at, more);
    at += more;
    if (heldBytes == size) {
      prefixBytes = 0;
      heldBytes = 0;
      sink.message(flags, held, 0, size);
    }
    return at - offset;
  }

  /**
   * Ends the body.
   *
   * @throws RequestRefusedException 400 when a message has not ended
   */
  public void end() {
    if (prefixBytes > 0) {
      throw RequestRefusedException.badRequest(
          "body: the end within a message, after %d bytes (expected: the rest of it)"
              .formatted(prefixBytes + heldBytes));
    }
  }

  private int size() {
    int size =
        (prefix[1] & 0xFF) << 24
            | (prefix[2] & 0xFF) << 16
            | (prefix[3] & 0xFF) << 8
            | (prefix[4] & 0xFF);
    if (size < 0 || size > maxBytes) {
      throw RequestRefusedException.tooLarge(
          "body: a message of %d bytes (expected: <= %d)"
              .formatted(Integer.toUnsignedLong(size), maxBytes));
    }
    return size;
  }

  /** Room grows with what has come, not with what a prefix promises. */
  private void hold(byte[] chunk, int at, int more) {
    if (held.length < heldBytes + more) {
      held = Arrays.copyOf(held, Math.max(heldBytes + more, Math.min(2 * held.length, maxBytes)));
    }
    System.arraycopy(chunk, at, held, heldBytes, more);
    heldBytes += more;
  }
}
