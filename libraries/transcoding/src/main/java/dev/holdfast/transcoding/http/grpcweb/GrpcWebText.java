package dev.holdfast.transcoding.http.grpcweb;

import dev.holdfast.transcoding.status.RequestRefusedException;
import java.util.Arrays;
import java.util.Base64;

/**
 * Decoder of a grpc-web-text body that arrives in pieces. Padding may occur at each flush of the
 * sender, and more base64 may follow it. Not thread-safe.
 */
public final class GrpcWebText {
  private static final int GROUP = 4;
  private static final int[] VALUES = values();

  private final int[] group = new int[GROUP];
  private int size;
  private int padding;

  /** Encodes bytes as base64, padded at the end. */
  public static byte[] encode(byte[] bytes) {
    return Base64.getEncoder().encode(bytes);
  }

  /**
   * The decoded bytes of the four-character groups that end in the next piece.
   *
   * @throws RequestRefusedException 400 for invalid base64
   */
  public byte[] decode(byte[] chunk, int offset, int length) {
    byte[] out = new byte[(length + size) / GROUP * 3];
    int written = 0;
    for (int i = offset; i < offset + length; i++) {
      take(chunk[i]);
      if (size == GROUP) {
        int bits = group[0] << 18 | group[1] << 12 | group[2] << 6 | group[3];
        out[written++] = (byte) (bits >> 16);
        if (padding < 2) {
          out[written++] = (byte) (bits >> 8);
        }
        if (padding < 1) {
          out[written++] = (byte) bits;
        }
        size = 0;
        padding = 0;
      }
    }
    return written == out.length ? out : Arrays.copyOf(out, written);
  }

  /**
   * Checks that the body does not end within a group.
   *
   * @throws RequestRefusedException 400 when it does
   */
  public void end() {
    if (size > 0) {
      throw RequestRefusedException.badRequest(
          "body: %d characters at its end (expected: base64 in groups of 4)".formatted(size));
    }
  }

  private void take(byte c) {
    if (c == '=' && size >= 2) {
      padding++;
      group[size++] = 0;
      return;
    }
    int value = c < 0 ? -1 : VALUES[c];
    if (value < 0 || padding > 0) {
      throw RequestRefusedException.badRequest(
          "body: character 0x%02x (expected: base64)".formatted(c & 0xFF));
    }
    group[size++] = value;
  }

  private static int[] values() {
    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    int[] values = new int[128];
    Arrays.fill(values, -1);
    for (int i = 0; i < alphabet.length(); i++) {
      values[alphabet.charAt(i)] = i;
    }
    return values;
  }
}
