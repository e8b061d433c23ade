package dev.holdfast.gateway.headers;

import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

/** The facts in the headers of an upstream's response. */
public final class ResponseHeaders {
  private static final AsciiString SWITCHING_PROTOCOLS = AsciiString.cached("101");
  private static final AsciiString UNAVAILABLE = AsciiString.cached("14");
  private static final int BAD_GATEWAY = 502;
  private static final int GATEWAY_TIMEOUT = 504;

  private ResponseHeaders() {}

  /**
   * The facts that forwarding needs, determined once.
   *
   * @param malformed see {@link #isMalformed}
   * @param informational see {@link #isInformational}
   * @param notGrpc see {@link #isNotGrpc}
   * @param endpointFault see {@link #endpointFault}
   * @param hasStatus whether there is a grpc-status
   * @param status see {@link #status}
   */
  public record ResponseFacts(
      boolean malformed,
      boolean informational,
      boolean notGrpc,
      String endpointFault,
      boolean hasStatus,
      GrpcStatusCode status) {
    static ResponseFacts of(Http2Headers headers, boolean end) {
      return new ResponseFacts(
          isMalformed(headers, end),
          isInformational(headers),
          isNotGrpc(headers, end),
          ResponseHeaders.endpointFault(headers, end),
          headers.contains(HeaderNames.GRPC_STATUS),
          ResponseHeaders.status(headers));
    }
  }

  /**
   * Whether the first headers of a response have an invalid status. Invalid are: no number from 100
   * to 599; 101, which HTTP/2 does not have (RFC 9113, 8.6); an informational status that ends the
   * response.
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

  /** Whether the status is 100 to 199, so that another response follows. */
  static boolean isInformational(Http2Headers headers) {
    CharSequence status = headers.status();
    return status != null && status.length() == 3 && status.charAt(0) == '1';
  }

  /**
   * Whether the response is not gRPC: it has no grpc-status, and not both status 200 and the
   * content type of gRPC.
   */
  static boolean isNotGrpc(Http2Headers headers, boolean end) {
    if (end && headers.contains(HeaderNames.GRPC_STATUS)) {
      return false;
    }
    CharSequence status = headers.status();
    if (status == null || !AsciiString.contentEquals(HeaderNames.OK, status)) {
      return !headers.contains(HeaderNames.GRPC_STATUS);
    }
    CharSequence type = headers.get(HeaderNames.CONTENT_TYPE);
    return type == null || !HeaderNames.isGrpc(type);
  }

  /** The status of the call: the grpc-status, or the one that the HTTP status maps to. */
  public static GrpcStatusCode status(Http2Headers headers) {
    CharSequence number = headers.get(HeaderNames.GRPC_STATUS);
    if (number != null) {
      return CallEnd.status(number);
    }
    CharSequence http = headers.status();
    boolean well =
        http != null && http.length() > 0 && (http.charAt(0) == '2' || http.charAt(0) == '3');
    return well ? GrpcStatusCode.OK : GrpcStatusCode.ofHttp(httpStatus(http));
  }

  /** The number of a :status; 0 when it is missing or has not three digits. */
  static int httpStatus(@Nullable CharSequence status) {
    if (status == null || status.length() != 3) {
      return 0;
    }
    int number = 0;
    for (int i = 0; i < status.length(); i++) {
      if (!isDigit(status.charAt(i))) {
        return 0;
      }
      number = 10 * number + status.charAt(i) - '0';
    }
    return number;
  }

  /**
   * A fault of the endpoint in the first headers of a response, in words: UNAVAILABLE, or a proxy's
   * 502 to 504; "" for none.
   */
  static String endpointFault(Http2Headers headers, boolean end) {
    CharSequence grpc = end ? headers.get(HeaderNames.GRPC_STATUS) : null;
    if (grpc != null) {
      return AsciiString.contentEquals(UNAVAILABLE, grpc) ? "responded with UNAVAILABLE" : "";
    }
    int http = httpStatus(headers.status());
    return http >= BAD_GATEWAY && http <= GATEWAY_TIMEOUT ? "answered HTTP " + http : "";
  }

  /** Describes a response that is not gRPC, for a status message. */
  public static String describe(Http2Headers headers) {
    CharSequence type = headers.get(HeaderNames.CONTENT_TYPE);
    return "not a gRPC response: HTTP "
        + headers.status()
        + (type == null ? " without content-type" : " " + type);
  }
}
