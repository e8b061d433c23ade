package dev.holdfast.gateway.json;

import dev.holdfast.gateway.http2.UpstreamCall;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which headers pass between HTTP and a call. All do that are neither about the connection, nor the
 * body, nor the protocol; nothing is renamed on the way in.
 */
final class Metadata {
  /** What trailing metadata is called where there are no trailers, as in Connect. */
  static final String TRAILER_PREFIX = "trailer-";

  private static final Set<String> REQUEST_ONLY =
      Set.of(
          "accept",
          "accept-encoding",
          "accept-language",
          "connection",
          "content-encoding",
          "content-length",
          "content-type",
          "expect",
          "host",
          "keep-alive",
          "origin",
          "proxy-connection",
          "referer",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "x-forwarded-client-cert",
          "x-grpc-web",
          "x-user-agent");

  private static final Set<String> ANSWER_ONLY =
      Set.of(
          "connection",
          "content-encoding",
          "content-length",
          "content-type",
          "trailer",
          "transfer-encoding",
          "upgrade");

  private Metadata() {}

  /** The headers of a call. */
  static Http2Headers ofCall(Http2Headers request, String path, CharSequence authority) {
    Http2Headers call = UpstreamCall.headers(path, authority);
    if (request.scheme() != null) {
      call.scheme(request.scheme());
    }
    for (Map.Entry<CharSequence, CharSequence> each : request) {
      String name = each.getKey().toString();
      boolean trace = name.equals("grpc-trace-bin") || name.equals("grpc-timeout");
      boolean protocol =
          name.startsWith(":")
              || name.startsWith("grpc-")
              || name.startsWith("connect-")
              || name.startsWith("sec-")
              || name.startsWith("access-control-")
              || REQUEST_ONLY.contains(name);
      if (trace || !protocol) {
        call.add(each.getKey(), each.getValue());
      }
    }
    return call;
  }

  /** Adds metadata of the upstream to the headers of an answer. */
  static void copy(Http2Headers from, String prefix, Http2Headers to) {
    for (Map.Entry<CharSequence, CharSequence> each : from) {
      if (isCustom(each.getKey().toString())) {
        to.add(prefix + each.getKey(), each.getValue());
      }
    }
  }

  /** Metadata of the upstream by itself, without the status. */
  static List<Map.Entry<String, String>> custom(Http2Headers from) {
    List<Map.Entry<String, String>> custom = new ArrayList<>();
    for (Map.Entry<CharSequence, CharSequence> each : from) {
      String name = each.getKey().toString();
      if (isCustom(name)) {
        custom.add(Map.entry(name, each.getValue().toString()));
      }
    }
    return custom;
  }

  private static boolean isCustom(String name) {
    boolean ours = name.startsWith(":") || name.startsWith("grpc-") || ANSWER_ONLY.contains(name);
    return !ours || name.equals("grpc-trace-bin");
  }
}
