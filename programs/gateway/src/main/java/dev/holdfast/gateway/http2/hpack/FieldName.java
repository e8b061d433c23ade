package dev.holdfast.gateway.http2.hpack;

import dev.holdfast.gateway.headers.HeaderNames;
import io.netty.handler.codec.http.HttpHeaderValidationUtil;
import io.netty.handler.codec.http2.Http2Headers.PseudoHeaderName;
import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

/** The name of header fields, validated once for all of them (RFC 9113, 8.2 and 8.3). Immutable. */
final class FieldName {
  private final AsciiString text;
  private final @Nullable PseudoHeaderName pseudoHeader;
  private final @Nullable String fault;
  private final boolean inspected;

  FieldName(AsciiString text) {
    this.text = text;
    this.pseudoHeader = PseudoHeaderName.getPseudoHeader(text);
    this.fault = pseudoHeader == null ? faultOfRegular(text) : null;
    this.inspected = HeaderNames.isInspected(text);
  }

  AsciiString text() {
    return text;
  }

  /** Whether the gateway looks for the field in each request; see {@link HeaderNames}. */
  boolean isInspected() {
    return inspected;
  }

  /** The pseudo-header of this name; null for none. */
  @Nullable PseudoHeaderName pseudoHeader() {
    return pseudoHeader;
  }

  /** The reason why the name is malformed; null if it is not. */
  @Nullable String fault() {
    return fault;
  }

  private static @Nullable String faultOfRegular(AsciiString text) {
    if (text.isEmpty()) {
      return "empty headers are not allowed";
    }
    if (text.byteAt(0) == ':') {
      return "Invalid HTTP/2 pseudo-header '" + text + "' encountered.";
    }
    if (HttpHeaderValidationUtil.validateToken(text) >= 0 || hasUpperCase(text)) {
      return "invalid header name [" + text + "]";
    }
    return HttpHeaderValidationUtil.isConnectionHeader(text, true)
        ? "Illegal connection-specific header '" + text + "' encountered."
        : null;
  }

  private static boolean hasUpperCase(AsciiString text) {
    for (int i = 0; i < text.length(); i++) {
      if (AsciiString.isUpperCase(text.charAt(i))) {
        return true;
      }
    }
    return false;
  }
}
