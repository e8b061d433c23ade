package dev.holdfast.gateway.json;

import io.netty.handler.codec.http2.Http2Headers;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A page of another origin, as its browser names it. Browsers let any page send what a form could
 * send, such as a POST without a content type, and ask for WebSockets, both with the cookies of the
 * user and to addresses that only the user reaches, so that it is for who answers to look at the
 * origin.
 *
 * @param origin as it was sent
 * @param authority whom it asks; empty where that was not said
 */
record Stranger(String origin, String authority) {
  private static final String HTTPS = "https://";
  private static final String HTTP = "http://";

  /** Who asks; null for a page of this authority itself. */
  static @Nullable Stranger of(
      CharSequence origin, @Nullable CharSequence scheme, CharSequence authority) {
    Stranger page = new Stranger(origin.toString(), authority.toString());
    return page.isOwn(scheme != null && "https".contentEquals(scheme)) ? null : page;
  }

  /** Whether a request of this method does nothing, so that whoever can't read may send it. */
  static boolean isHarmless(String method) {
    return method.equals("GET") || method.equals("HEAD") || method.equals("OPTIONS");
  }

  /** Why it is refused. */
  String refusal() {
    return "origin: %s (expected: that of %s, or one of cors.origins)"
        .formatted(origin, authority.isEmpty() ? "this address" : authority);
  }

  /** Takes away what browsers send by themselves. */
  static void bare(Http2Headers call) {
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
