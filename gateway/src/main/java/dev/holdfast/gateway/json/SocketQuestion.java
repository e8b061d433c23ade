package dev.holdfast.gateway.json;

import dev.holdfast.transcoding.http.RequestRefusedException;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.Locale;

/**
 * A request for a WebSocket. Browsers let pages of any origin ask, with the cookies of the user, so
 * that it is for who answers to look at the origin.
 *
 * @param headers of the request
 * @param authority whom it asks
 */
record SocketQuestion(Http2Headers headers, String authority) {
  /** The sub-protocol: the first of the client's that is known. */
  String protocol() {
    String offered = text(headers, "sec-websocket-protocol");
    for (String each : offered.split(",", -1)) {
      String name = each.strip();
      if (name.equals(SocketDialect.JSON) || name.equals(SocketDialect.PROTO)) {
        return name;
      }
    }
    throw RequestRefusedException.badRequest(
        "sec-websocket-protocol: "
            + (offered.isEmpty() ? "none" : offered)
            + " (expected: grpc+json or grpc+proto)");
  }

  /** Whether a page of this service itself asks, or no page at all. */
  boolean isOwn() {
    String origin = text(headers, "origin").toLowerCase(Locale.ROOT);
    int host = origin.indexOf("://") + 3;
    if (origin.isEmpty()) {
      return true;
    }
    String own = authority.toLowerCase(Locale.ROOT);
    String port = origin.startsWith("https:") ? ":443" : ":80";
    return host > 2 && !own.isEmpty() && origin.substring(host).equals(withoutEnd(own, port));
  }

  /** Why a page of another origin is refused. */
  String stranger() {
    return "origin: "
        + text(headers, "origin")
        + " (expected: that of this address, or one of cors.origins)";
  }

  /** Takes away what browsers send by themselves. */
  static void bare(Http2Headers call) {
    call.remove("cookie");
    call.remove("authorization");
  }

  private static String withoutEnd(String text, String end) {
    return text.endsWith(end) ? text.substring(0, text.length() - end.length()) : text;
  }

  private static String text(Http2Headers headers, String name) {
    CharSequence value = headers.get(name);
    return value == null ? "" : value.toString();
  }
}
