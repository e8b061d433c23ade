package dev.holdfast.transcoding.http;

import dev.holdfast.transcoding.status.RequestRefusedException;
import java.util.Arrays;

/**
 * Decoder of length-prefixed messages in a body that arrives in pieces: gRPC, gRPC-Web and Connect
 * streams. A prefix has one byte of flags and four of length. A message within one piece is passed
 * on without a copy. Not thread-safe.
 */
public final class EnvelopeReader {
  /** The length of the prefix: one byte of flags, four of length. */
  public static final int PREFIX_BYTES = 5;

  /** The receiver of decoded messages. */
  public interface EnvelopeHandler {
    /**
     * Receives a message. The bytes are valid only during the call.
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
   * A decoder at the start of a body.
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
   * Decodes the next piece and passes on the messages that end in it.
   *
   * @throws RequestRefusedException 413 for a message that is too long, of which nothing is kept
   */
  public void feed(byte[] chunk, int offset, int length, EnvelopeHandler envelopeHandler) {
    int end = offset + length;
    int at = offset;
    while (at < end) {
      at += feedOne(chunk, at, end - at, envelopeHandler);
    }
  }

  /**
   * Decodes the next piece up to the end of the first message.
   *
   * @return how many bytes were consumed: all of them when no message ended
   * @throws RequestRefusedException as {@link #feed}
   */
  public int feedOne(byte[] chunk, int offset, int length, EnvelopeHandler envelopeHandler) {
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
      envelopeHandler.message(flags, chunk, at, size);
      return at + size - offset;
    }
    int more = Math.min(size - heldBytes, end - at);
    hold(chunk, at, more);
    at += more;
    if (heldBytes == size) {
      prefixBytes = 0;
      heldBytes = 0;
      envelopeHandler.message(flags, held, 0, size);
    }
    return at - offset;
  }

  /**
   * Checks that the body does not end within a message.
   *
   * @throws RequestRefusedException 400 when it does
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

  /**
   * Buffers part of a message. The buffer grows with the received bytes, not with the announced
   * length.
   */
  private void hold(byte[] chunk, int at, int more) {
    if (held.length < heldBytes + more) {
      held = Arrays.copyOf(held, Math.max(heldBytes + more, Math.min(2 * held.length, maxBytes)));
    }
    System.arraycopy(chunk, at, held, heldBytes, more);
    heldBytes += more;
  }
}
