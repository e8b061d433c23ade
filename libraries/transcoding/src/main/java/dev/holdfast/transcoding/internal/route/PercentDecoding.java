package dev.holdfast.transcoding.internal.route;

import dev.holdfast.transcoding.status.RequestRefusedException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Strict percent-decoding (RFC 3986). Rejects input that other programs might decode differently:
 * malformed escapes, NUL, invalid UTF-8 (overlong forms and surrogates included), raw control
 * characters and raw characters beyond ASCII.
 */
public enum PercentDecoding {
  /** Decodes all percent escapes, without exception. */
  ALL,
  /**
   * As {@link #ALL}, but keeps %2F and %2f: an escaped slash in a segment does not separate
   * segments.
   */
  ALL_BUT_SLASH,
  /** As {@link #ALL}, but keeps escapes of the reserved characters {@code !#$&'()*+,/:;=?@[]}. */
  ALL_BUT_RESERVED,
  /** As {@link #ALL}, and a plus is a space, as in HTML forms. */
  FORM;

  private static final String RESERVED = "!#$&'()*+,/:;=?@[]";
  private static final int ESCAPE_LENGTH = 3;

  /**
   * The decoded text of {@code raw} between two positions.
   *
   * @param what the name of the input in error messages, such as {@code path}
   * @throws RequestRefusedException 400 for rejected input
   */
  public String decode(CharSequence raw, int from, int to, String what) {
    int i = from;
    while (i < to && isPlain(raw.charAt(i))) {
      i++;
    }
    if (i == to) {
      return raw.subSequence(from, to).toString();
    }
    byte[] bytes = new byte[to - from];
    int length = 0;
    for (i = from; i < to; i++) {
      char c = raw.charAt(i);
      if (c == '%') {
        int value = escape(raw, i, to, what);
        if (stays(value)) {
          bytes[length++] = '%';
          bytes[length++] = (byte) raw.charAt(i + 1);
          bytes[length++] = (byte) raw.charAt(i + 2);
        } else {
          bytes[length++] = (byte) value;
        }
        i += ESCAPE_LENGTH - 1;
      } else {
        requireAscii(c, what);
        bytes[length++] = (byte) (c == '+' && this == FORM ? ' ' : c);
      }
    }
    return utf8(ByteBuffer.wrap(bytes, 0, length), what);
  }

  /** Validates like {@link #decode}; cheap when there are no escapes. */
  static void require(CharSequence raw, int from, int to, String what) {
    for (int i = from; i < to; i++) {
      char c = raw.charAt(i);
      if (c == '%') {
        ALL.decode(raw, from, to, what);
        return;
      }
      requireAscii(c, what);
    }
  }

  private boolean isPlain(char c) {
    return c > ' ' && c < 0x7F && c != '%' && (c != '+' || this != FORM);
  }

  private boolean stays(int value) {
    return switch (this) {
      case ALL, FORM -> false;
      case ALL_BUT_SLASH -> value == '/';
      case ALL_BUT_RESERVED -> value < 0x80 && RESERVED.indexOf(value) >= 0;
    };
  }

  private static int escape(CharSequence raw, int at, int to, String what) {
    int high = at + 1 < to ? Character.digit(raw.charAt(at + 1), 16) : -1;
    int low = at + 2 < to ? Character.digit(raw.charAt(at + 2), 16) : -1;
    if (high < 0 || low < 0 || raw.charAt(at + 1) > 'f' || raw.charAt(at + 2) > 'f') {
      throw RequestRefusedException.badRequest(
          "%s: '%s' (expected: two hexadecimal digits after %%)"
              .formatted(what, raw.subSequence(at, Math.min(at + ESCAPE_LENGTH, to))));
    }
    int value = high * 16 + low;
    if (value == 0) {
      throw RequestRefusedException.badRequest(what + ": %00 (expected: no NUL)");
    }
    return value;
  }

  private static void requireAscii(char c, String what) {
    if (c <= ' ' || c >= 0x7F) {
      throw RequestRefusedException.badRequest(
          "%s: character 0x%02x (expected: percent-encoded)".formatted(what, (int) c));
    }
  }

  private static String utf8(ByteBuffer bytes, String what) {
    try {
      CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(bytes);
      return text.toString();
    } catch (CharacterCodingException e) {
      throw RequestRefusedException.badRequest(what + ": escapes of bytes (expected: UTF-8)");
    }
  }
}
