package dev.holdfast.gateway.headers;

import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Headers.PseudoHeaderName;
import io.netty.handler.codec.http2.Http2HeadersEncoder.SensitivityDetector;
import io.netty.util.AsciiString;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The names and values of headers that the gateway reads or writes. */
public final class HeaderNames {
  public static final AsciiString CONTENT_TYPE = AsciiString.cached("content-type");
  public static final AsciiString CONTENT_LENGTH = AsciiString.cached("content-length");
  public static final AsciiString HOST = AsciiString.cached("host");
  public static final AsciiString TE = AsciiString.cached("te");
  public static final AsciiString TRAILERS = AsciiString.cached("trailers");
  public static final AsciiString APPLICATION_GRPC = AsciiString.cached("application/grpc");
  public static final AsciiString APPLICATION_JSON = AsciiString.cached("application/json");
  public static final AsciiString TEXT_PLAIN = AsciiString.cached("text/plain; charset=utf-8");
  public static final AsciiString GRPC_STATUS = AsciiString.cached("grpc-status");
  public static final AsciiString GRPC_MESSAGE = AsciiString.cached("grpc-message");
  public static final AsciiString GRPC_ENCODING = AsciiString.cached("grpc-encoding");
  public static final AsciiString GRPC_TIMEOUT = AsciiString.cached("grpc-timeout");
  public static final AsciiString PREVIOUS_ATTEMPTS =
      AsciiString.cached("grpc-previous-rpc-attempts");
  public static final AsciiString WWW_AUTHENTICATE = AsciiString.cached("www-authenticate");
  public static final AsciiString RETRY_PUSHBACK = AsciiString.cached("grpc-retry-pushback-ms");
  public static final AsciiString X_FORWARDED_FOR = AsciiString.cached("x-forwarded-for");
  static final AsciiString X_FORWARDED_PROTO = AsciiString.cached("x-forwarded-proto");
  public static final AsciiString X_FORWARDED_CLIENT_CERT =
      AsciiString.cached("x-forwarded-client-cert");

  /** The headers in which proxies name their clients; any client may send them. */
  static final AsciiString[] FORWARDED = {
    X_FORWARDED_FOR,
    X_FORWARDED_PROTO,
    AsciiString.cached("x-forwarded-host"),
    AsciiString.cached("x-forwarded-port"),
    AsciiString.cached("x-forwarded-prefix"),
    AsciiString.cached("x-forwarded-scheme"),
    AsciiString.cached("x-forwarded-ssl"),
    AsciiString.cached("x-forwarded-server"),
    AsciiString.cached("x-forwarded-by"),
    AsciiString.cached("x-real-ip"),
    AsciiString.cached("forwarded"),
  };

  /** The fields that a request's way upstream depends on, or that are removed on it. */
  private static final Set<AsciiString> INSPECTED = inspected();

  public static final AsciiString HTTP = AsciiString.cached("http");
  public static final AsciiString HTTPS = AsciiString.cached("https");
  public static final AsciiString POST = AsciiString.cached("POST");
  public static final AsciiString OK = AsciiString.cached("200");

  private static final AsciiString AUTHORIZATION = AsciiString.cached("authorization");
  private static final AsciiString COOKIE = AsciiString.cached("cookie");
  private static final AsciiString SET_COOKIE = AsciiString.cached("set-cookie");

  /**
   * The headers that are never put into the peer's dynamic table. Secrets and client identities
   * could be guessed from the sizes of later requests (RFC 7541, 7.1.3). Timeouts and certificates
   * differ per request, and would evict all others.
   */
  public static final SensitivityDetector NEVER_INDEXED =
      (name, value) ->
          switch (name.length()) {
            case 6 -> COOKIE.contentEquals(name);
            case 10 -> SET_COOKIE.contentEquals(name);
            case 12 -> GRPC_TIMEOUT.contentEquals(name);
            case 13 -> AUTHORIZATION.contentEquals(name);
            case 23 -> X_FORWARDED_CLIENT_CERT.contentEquals(name);
            default -> false;
          };

  private HeaderNames() {}

  private static Set<AsciiString> inspected() {
    Set<AsciiString> names = new HashSet<>(List.of(FORWARDED));
    names.addAll(List.of(HOST, CONTENT_LENGTH, X_FORWARDED_CLIENT_CERT));
    names.add(AsciiString.of(PseudoHeaderName.PROTOCOL.value()));
    return Set.copyOf(names);
  }

  /** Whether headers with this field are more than {@link ReceivedHeaders#isPlain plain}. */
  public static boolean isInspected(AsciiString name) {
    return INSPECTED.contains(name);
  }

  /** Whether a request is gRPC by its content type. */
  public static boolean isGrpc(Http2Headers headers) {
    CharSequence type = headers.get(CONTENT_TYPE);
    return type != null && isGrpc(type);
  }

  /** Whether a content type is that of gRPC, and not that of gRPC-Web. */
  static boolean isGrpc(CharSequence type) {
    int length = APPLICATION_GRPC.length();
    if (type.length() < length
        || !AsciiString.regionMatches(APPLICATION_GRPC, true, 0, type, 0, length)) {
      return false;
    }
    return type.length() == length || type.charAt(length) == '+' || type.charAt(length) == ';';
  }
}
