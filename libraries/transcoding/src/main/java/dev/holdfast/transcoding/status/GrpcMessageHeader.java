package dev.holdfast.transcoding.status;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * The header {@code grpc-message}: UTF-8 whose bytes outside of printable ASCII, and the percent
 * sign, are percent-encoded.
 *
 * @see <a href="https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md">Percent-Encoded</a>
 */
public final class GrpcMessageHeader {
  private static final String HEX = "0123456789ABCDEF";

  private static final char LAST_BYTE = 0xFF;

  private GrpcMessageHeader() {}

  /** The value of the header. */
  public static String encode(String text) {
    StringBuilder header = new StringBuilder(text.length());
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      if (b >= ' ' && b <= '~' && b != '%') {
        header.append((char) b);
      } else {
        header.append('%').append(HEX.charAt((b >> 4) & 0xF)).append(HEX.charAt(b & 0xF));
      }
    }
    return header.toString();
  }

  /**
   * The decoded text of the header. Malformed escapes are kept, so that no error message is lost.
   * Characters up to U+00FF above ASCII are bytes of UTF-8 that the sender did not encode.
   */
  public static String decode(CharSequence header) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(header.length());
    for (int i = 0; i < header.length(); i++) {
      char c = header.charAt(i);
      int high =
          c == '%' && i + 2 < header.length() ? Character.digit(header.charAt(i + 1), 16) : -1;
      int low = high < 0 ? -1 : Character.digit(header.charAt(i + 2), 16);
      if (low < 0 && c <= LAST_BYTE) {
        bytes.write(c);
      } else if (low < 0) {
        bytes.writeBytes(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
      } else {
        bytes.write(high * 16 + low);
        i += 2;
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
