package dev.holdfast.gateway.http2;

import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;

/** What the headers of an upstream's answer say. */
final class ResponseHeaders {
  private static final AsciiString SWITCHING_PROTOCOLS = AsciiString.cached("101");
  private static final AsciiString UNAVAILABLE = AsciiString.cached("14");
  private static final AsciiString BAD_GATEWAY = AsciiString.cached("502");
  private static final AsciiString GATEWAY_TIMEOUT = AsciiString.cached("504");

  private ResponseHeaders() {}

  /**
   * All that is asked of the headers of an answer while it is forwarded.
   *
   * @param malformed see {@link #isMalformed}
   * @param informational see {@link #isInformational}
   * @param foreign see {@link #isForeign}
   * @param trouble see {@link #trouble}
   * @param hasStatus whether there is a grpc-status
   * @param status see {@link #status}
   */
  record Facts(
      boolean malformed,
      boolean informational,
      boolean foreign,
      String trouble,
      boolean hasStatus,
      dev.holdfast.transcoding.http.StatusCode status) {
    static Facts of(Http2Headers headers, boolean end) {
      return new Facts(
          isMalformed(headers, end),
          isInformational(headers),
          isForeign(headers, end),
          ResponseHeaders.trouble(headers, end),
          headers.contains(Names.GRPC_STATUS),
          ResponseHeaders.status(headers));
    }
  }

  /**
   * Whether the first headers of an answer have a status that none can have: no number from 100 to
   * 599, 101, which HTTP/2 has no use for (RFC 9113, 8.6), or an informational one that ends it.
   */
  static boolean isMalformed(Http2Headers headers, boolean end) {
    CharSequence status = headers.status();
    if (status == null || status.length() != 3) {
      return true;
    }
    char first = status.charAt(0);
    if (first < '1' || first > '5' || !isDigit(status.charAt(1)) || !isDigit(status.charAt(2))) {
      return true;
    }
    return first == '1' && (end || AsciiString.contentEquals(SWITCHING_PROTOCOLS, status));
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** 100 to 199: another one follows. */
  static boolean isInformational(Http2Headers headers) {
    CharSequence status = headers.status();
    return status != null && status.length() == 3 && status.charAt(0) == '1';
  }

  /**
   * Whether it is no answer of gRPC: a grpc-status speaks for itself, else it takes status 200 and
   * the content type.
   */
  static boolean isForeign(Http2Headers headers, boolean end) {
    if (end && headers.contains(Names.GRPC_STATUS)) {
      return false;
    }
    CharSequence status = headers.status();
    if (status == null || !AsciiString.contentEquals(Names.OK, status)) {
      return !headers.contains(Names.GRPC_STATUS);
    }
    CharSequence type = headers.get(Names.CONTENT_TYPE);
    return type == null || !Names.isGrpc(type);
  }

  /** How the call ended: its grpc-status, or what HTTP's means where there is none. */
  static dev.holdfast.transcoding.http.StatusCode status(Http2Headers headers) {
    CharSequence number = headers.get(Names.GRPC_STATUS);
    if (number != null) {
      return CallEnd.status(number);
    }
    CharSequence http = headers.status();
    boolean well =
        http != null && http.length() > 0 && (http.charAt(0) == '2' || http.charAt(0) == '3');
    return well ? dev.holdfast.transcoding.http.StatusCode.OK : StatusCode.ofHttp(http).code();
  }

  /**
   * What in the first headers of an answer speaks against its endpoint: that it does not serve, or
   * the proxy before it has none that does; "" for nothing.
   */
  static String trouble(Http2Headers headers, boolean end) {
    CharSequence grpc = end ? headers.get(Names.GRPC_STATUS) : null;
    if (grpc != null) {
      return AsciiString.contentEquals(UNAVAILABLE, grpc) ? "answered UNAVAILABLE" : "";
    }
    CharSequence http = headers.status();
    boolean bad =
        http != null
            && http.length() == BAD_GATEWAY.length()
            && http.charAt(0) == '5'
            && BAD_GATEWAY.compareTo(http) <= 0
            && GATEWAY_TIMEOUT.compareTo(http) >= 0;
    return bad ? "answered HTTP " + http : "";
  }

  /** For a message. */
  static String describe(Http2Headers headers) {
    CharSequence type = headers.get(Names.CONTENT_TYPE);
    return "not a gRPC answer: HTTP "
        + headers.status()
        + (type == null ? " without content-type" : " " + type);
  }
}
