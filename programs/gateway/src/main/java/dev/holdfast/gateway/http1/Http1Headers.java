package dev.holdfast.gateway.http1;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Headers of HTTP/1.1 as HTTP/2 has them, and back. */
final class Http1Headers {
  private static final AsciiString HTTP = AsciiString.cached("http");
  private static final AsciiString HTTPS = AsciiString.cached("https");

  /** Hop-by-hop headers, which concern one connection and are not forwarded (RFC 9110, 7.6.1). */
  private static final Set<String> HOP_BY_HOP =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-connection",
          "transfer-encoding",
          "upgrade",
          "http2-settings",
          "host",
          "te",
          "expect");

  private Http1Headers() {}

  /**
   * The headers of a request, with pseudo-headers.
   *
   * @param target of it
   * @param secure whether it came over TLS
   */
  static Http2Headers of(HttpRequest request, RequestTarget target, boolean secure) {
    Http2Headers headers = new DefaultHttp2Headers(false);
    headers.method(request.method().asciiName()).path(target.path()).scheme(secure ? HTTPS : HTTP);
    if (!target.authority().isEmpty()) {
      headers.authority(target.authority());
    }
    Set<String> named = new HashSet<>();
    for (String value : request.headers().getAll(HttpHeaderNames.CONNECTION)) {
      for (String each : value.split(",", -1)) {
        named.add(each.strip().toLowerCase(Locale.ROOT));
      }
    }
    Iterator<Map.Entry<CharSequence, CharSequence>> all = request.headers().iteratorCharSequence();
    while (all.hasNext()) {
      Map.Entry<CharSequence, CharSequence> each = all.next();
      AsciiString name = AsciiString.of(each.getKey()).toLowerCase();
      String text = name.toString();
      if (!HOP_BY_HOP.contains(text) && !named.contains(text)) {
        headers.add(name, each.getValue());
      }
    }
    return headers;
  }

  static HttpResponseStatus status(Http2Headers head) {
    return HttpResponseStatus.valueOf(Integer.parseInt(head.status().toString()));
  }

  static Http2Headers plain(HttpResponseStatus status) {
    return new DefaultHttp2Headers(false)
        .status(status.codeAsText())
        .set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.TEXT_PLAIN);
  }
}
