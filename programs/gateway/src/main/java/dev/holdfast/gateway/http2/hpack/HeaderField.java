package dev.holdfast.gateway.http2.hpack;

import dev.holdfast.gateway.headers.ReceivedHeaders;
import io.netty.handler.codec.http.HttpHeaderValidationUtil;
import io.netty.util.AsciiString;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A header field of a block or of a table, validated once (RFC 9113, 8.2 and 8.3), however often it
 * is referred to. Immutable.
 */
final class HeaderField {
  /** The size of a field without its text (RFC 7541, 4.1). */
  private static final int OVERHEAD_BYTES = 32;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  private static final long ONES = 0x0101_0101_0101_0101L;
  private static final long SPACES = 0x2020_2020_2020_2020L;
  private static final long HIGH_BITS = 0x8080_8080_8080_8080L;
  private static final byte DELETE = 0x7f;

  private final FieldName name;
  private final AsciiString value;
  private final int size;
  private final @Nullable String fault;

  HeaderField(FieldName name, AsciiString received) {
    this.name = name;
    this.value = ReceivedHeaders.stripped(received);
    this.size = name.text().length() + received.length() + OVERHEAD_BYTES;
    this.fault = name.fault() == null ? faultOfValue(received) : name.fault();
  }

  FieldName name() {
    return name;
  }

  /** The value without the whitespace around it; see {@link ReceivedHeaders#stripped}. */
  AsciiString value() {
    return value;
  }

  /** The size in a table and in a header list, in bytes (RFC 7541, 4.1). */
  int size() {
    return size;
  }

  /** The reason why the field is malformed in any message; null if it is not. */
  @Nullable String fault() {
    return fault;
  }

  private @Nullable String faultOfValue(AsciiString received) {
    int prohibited =
        isPrintable(value) ? -1 : HttpHeaderValidationUtil.validateValidHeaderValue(value);
    if (prohibited >= 0) {
      return "header '%s': character 0x%x at index %d (expected: none that is prohibited)"
          .formatted(name.text(), (int) value.charAt(prohibited), prohibited);
    }
    if (name.pseudoHeader() != null) {
      return value.isEmpty() ? "HTTP/2 pseudo-header '" + name.text() + "' is empty." : null;
    }
    return HttpHeaderValidationUtil.isTeNotTrailers(name.text(), received)
        ? "Illegal value specified for the 'TE' header (only 'trailers' is allowed)."
        : null;
  }

  /** Whether all characters are printable ASCII or spaces, as in nearly all values. */
  private static boolean isPrintable(AsciiString text) {
    byte[] bytes = text.array();
    int at = text.arrayOffset();
    int end = at + text.length();
    for (; at <= end - Long.BYTES; at += Long.BYTES) {
      long eight = (long) LONGS.get(bytes, at);
      // The high bit of a byte that is above 0x7f, was below 0x20, or was 0x7f.
      if (((eight | eight - SPACES | eight + ONES) & HIGH_BITS) != 0) {
        return false;
      }
    }
    for (; at < end; at++) {
      if (bytes[at] < ' ' || bytes[at] == DELETE) {
        return false;
      }
    }
    return true;
  }
}
