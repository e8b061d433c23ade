package dev.holdfast.gateway.headers;

import dev.holdfast.gateway.headers.KnownPaths.KnownPath;
import dev.holdfast.gateway.route.RequestSyntax;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Headers.PseudoHeaderName;
import io.netty.util.AsciiString;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Validation of a request's pseudo-headers and its Host (RFC 9113, 8.3.1 and 8.5), beyond that of
 * Netty's decoder. One per connection, confined to its event loop. Values from HPACK's table are
 * the same objects each time, and are not validated again.
 */
public final class RequestValidator {
  /** The fault of a well-formed CONNECT, which the gateway does not offer. */
  public static final String CONNECT = "CONNECT is not supported";

  private static final AsciiString ASTERISK = AsciiString.cached("*");

  private final @Nullable KnownPaths paths;
  private @Nullable CharSequence lastMethod;
  private @Nullable CharSequence lastPath;
  private @Nullable KnownPath lastKnown;
  private @Nullable CharSequence lastScheme;
  private @Nullable CharSequence lastAuthority;

  /** Creates a validator that knows no paths. */
  public RequestValidator() {
    this.paths = null;
  }

  /**
   * Creates a validator of received requests.
   *
   * @param paths of its event loop
   */
  public RequestValidator(KnownPaths paths) {
    this.paths = paths;
  }

  /** The fault of a request in words; null for a well-formed one. */
  @Nullable public String fault(Http2Headers request) {
    CharSequence method = request.method();
    CharSequence path = request.path();
    CharSequence scheme = request.scheme();
    CharSequence authority = request.authority();
    if (method == null || method != lastMethod) {
      if (method == null || !RequestSyntax.isToken(method)) {
        return ":method is not a token";
      }
      if (HttpMethod.CONNECT.asciiName().contentEquals(method)) {
        return connectFault(request);
      }
      lastMethod = method;
    }
    if (scheme == null || scheme != lastScheme) {
      if (scheme == null || !RequestSyntax.isToken(scheme)) {
        return ":scheme is missing or not a token";
      }
      lastScheme = scheme;
    }
    if (path == null || path != lastPath) {
      lastKnown = path == null || paths == null ? null : paths.of(path);
      String fault = lastKnown == null ? pathFault(method, path) : null;
      if (fault != null) {
        return fault;
      }
      lastPath = path;
    }
    if (lastKnown != null && request instanceof ReceivedHeaders receivedHeaders) {
      receivedHeaders.setKnownPath(lastKnown);
    }
    if (authority != lastAuthority) {
      if (authority != null && !RequestSyntax.isAuthority(authority)) {
        return ":authority is not a host with an optional port";
      }
      lastAuthority = authority;
    }
    if (ReceivedHeaders.isPlain(request)) {
      return null;
    }
    if (request.contains(PseudoHeaderName.PROTOCOL.value())) {
      return ":protocol without an extended CONNECT, which is not supported";
    }
    return request.contains(HeaderNames.HOST) ? hostFault(request, authority) : null;
  }

  private static @Nullable String pathFault(
      @Nullable CharSequence method, @Nullable CharSequence path) {
    if (path == null || !RequestSyntax.isPath(path)) {
      return ":path has characters that a path may not have, or does not begin with a slash";
    }
    boolean asterisk = path.length() == 1 && path.charAt(0) == ASTERISK.charAt(0);
    if (asterisk && !HttpMethod.OPTIONS.asciiName().contentEquals(method)) {
      return ":path is * (expected: with OPTIONS alone)";
    }
    return null;
  }

  private static String connectFault(Http2Headers request) {
    if (request.contains(PseudoHeaderName.PROTOCOL.value())) {
      return "extended CONNECT is not supported";
    }
    if (request.scheme() != null || request.path() != null) {
      return "CONNECT has a :scheme or :path";
    }
    CharSequence authority = request.authority();
    return authority == null || !RequestSyntax.isAuthority(authority)
        ? "CONNECT without a host in :authority"
        : CONNECT;
  }

  /**
   * Compares :authority and Host by the host that they identify: otherwise one could select a
   * route, and the other the service.
   */
  private static @Nullable String hostFault(
      Http2Headers request, @Nullable CharSequence authority) {
    List<CharSequence> hosts = request.getAll(HeaderNames.HOST);
    CharSequence host = hosts.get(0);
    if (hosts.size() > 1) {
      return "host occurs " + hosts.size() + " times";
    }
    if (!RequestSyntax.isAuthority(host)) {
      return "host is not a host with an optional port";
    }
    boolean secure = HeaderNames.HTTPS.contentEquals(request.scheme());
    if (authority != null && !RequestSyntax.isSameAuthority(authority, host, secure)) {
      return "host differs from :authority";
    }
    return null;
  }
}
