package dev.holdfast.gateway.http1;

import dev.holdfast.gateway.route.MalformedPathException;
import dev.holdfast.gateway.route.PathNormalization;
import dev.holdfast.gateway.route.RequestSyntax;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.util.List;

/**
 * The request target of HTTP/1.1 (RFC 9112, 3.2), which is :path and :authority in HTTP/2.
 *
 * @param path with its query; in normal form unless {@code malformed} has a reason
 * @param authority of the target if it has one, else of Host; "" for none
 * @param malformed the reason why the path has no normal form; "" for none
 */
record RequestTarget(CharSequence path, String authority, String malformed) {
  /** The target of a request that is refused before its target is parsed. */
  static final RequestTarget NONE = new RequestTarget("/", "", "");

  private static final String SCHEME_END = "://";

  /**
   * The target of a request whose first line and headers were decoded.
   *
   * @throws MalformedRequestException for a target or Host that the RFC has refused with 400
   */
  static RequestTarget of(HttpRequest request) throws MalformedRequestException {
    String target = request.uri();
    String authority = host(request);
    int scheme = schemeEnd(target);
    if (scheme > 0) {
      int from = scheme + SCHEME_END.length();
      int end = authorityEnd(target, from);
      // Host is ignored: the target wins (RFC 9112, 3.2.2).
      authority = wellFormed("target", target.substring(from, end));
      if (authority.isEmpty()) {
        throw MalformedRequestException.badRequest("target: no authority (expected: one)");
      }
      target = rest(request.method(), target.substring(end));
    }
    try {
      String method = request.method().name();
      return new RequestTarget(PathNormalization.normalize(method, target), authority, "");
    } catch (MalformedPathException e) {
      return new RequestTarget(target, authority, e.getMessage());
    }
  }

  private static String host(HttpRequest request) throws MalformedRequestException {
    List<String> hosts = request.headers().getAll(HttpHeaderNames.HOST);
    boolean old = request.protocolVersion().equals(HttpVersion.HTTP_1_0);
    if (hosts.size() > 1 || (hosts.isEmpty() && !old)) {
      throw MalformedRequestException.badRequest("host: none or several (expected: one)");
    }
    return hosts.isEmpty() ? "" : wellFormed("host", hosts.get(0));
  }

  private static String wellFormed(String name, String authority) throws MalformedRequestException {
    // An empty Host is that of a target without an authority (RFC 9112, 3.2).
    if (!authority.isEmpty() && !RequestSyntax.isAuthority(authority)) {
      throw MalformedRequestException.badRequest(
          name + ": no authority (expected: a host, and maybe a port)");
    }
    return authority;
  }

  /** The end of an absolute form's scheme; -1 for other forms. */
  private static int schemeEnd(String target) throws MalformedRequestException {
    int end = target.indexOf(SCHEME_END);
    for (int i = 0; i < end; i++) {
      if (!Character.isLetterOrDigit(target.charAt(i))) {
        return -1;
      }
    }
    if (end <= 0) {
      return -1;
    }
    String scheme = target.substring(0, end);
    if (!scheme.equalsIgnoreCase("http") && !scheme.equalsIgnoreCase("https")) {
      throw MalformedRequestException.badRequest(
          "target: scheme " + scheme + " (expected: http or https)");
    }
    return end;
  }

  private static int authorityEnd(String target, int from) {
    int end = from;
    while (end < target.length() && "/?#".indexOf(target.charAt(end)) < 0) {
      end++;
    }
    return end;
  }

  /** The path of an absolute form: empty means the root, or with OPTIONS the server itself. */
  private static String rest(HttpMethod method, String path) {
    if (path.isEmpty() && method.equals(HttpMethod.OPTIONS)) {
      return "*";
    }
    return path.isEmpty() || path.charAt(0) == '?' ? "/" + path : path;
  }
}
