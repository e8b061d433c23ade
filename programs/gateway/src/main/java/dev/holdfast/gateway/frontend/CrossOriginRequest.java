package dev.holdfast.gateway.frontend;

import io.netty.handler.codec.http2.Http2Headers;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The page of a cross-origin request, as named by the Origin header. Browsers let any page send
 * what a form could send, such as a POST without a content type, and open WebSockets. Both carry
 * the user's cookies and reach addresses that only the user can reach. So the server must check the
 * origin.
 *
 * @param origin as it was sent
 * @param authority of the request; empty if it has none
 */
record CrossOriginRequest(String origin, String authority) {
  private static final String HTTPS = "https://";
  private static final String HTTP = "http://";

  /** The page of a cross-origin request; null when the origin is that of the authority itself. */
  static @Nullable CrossOriginRequest of(
      CharSequence origin, @Nullable CharSequence scheme, CharSequence authority) {
    CrossOriginRequest page = new CrossOriginRequest(origin.toString(), authority.toString());
    return page.isOwn(scheme != null && "https".contentEquals(scheme)) ? null : page;
  }

  /** Whether a method is safe, so that a page that can't read the response may send it. */
  static boolean isSafeMethod(String method) {
    return method.equals("GET") || method.equals("HEAD") || method.equals("OPTIONS");
  }

  /** The error message for a disallowed origin. */
  String refusal() {
    return "origin: %s (expected: that of %s, or one of cors.origins)"
        .formatted(origin, authority.isEmpty() ? "this address" : authority);
  }

  /** Removes the credentials that browsers send by themselves. */
  static void removeCredentials(Http2Headers call) {
    call.remove("cookie");
    call.remove("authorization");
  }

  private boolean isOwn(boolean encrypted) {
    String page = origin.toLowerCase(Locale.ROOT);
    String own = authority.toLowerCase(Locale.ROOT);
    if (page.startsWith(HTTPS)) {
      return isOwn(page.substring(HTTPS.length()), own, ":443");
    }
    // Who came without TLS may have spoken it to a proxy, but nobody takes it away on the way.
    return !encrypted && page.startsWith(HTTP) && isOwn(page.substring(HTTP.length()), own, ":80");
  }

  private static boolean isOwn(String page, String own, String port) {
    boolean usual = own.endsWith(port);
    return !own.isEmpty()
        && page.equals(usual ? own.substring(0, own.length() - port.length()) : own);
  }
}
