package dev.holdfast.gateway.frontend.codec;

import dev.holdfast.gateway.call.UpstreamCall;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The mapping between HTTP headers and call metadata. Headers of the connection, the body and the
 * protocol don't pass; all others do. Request headers are not renamed.
 */
public final class MetadataMapping {
  /** The prefix of trailing metadata in formats without trailers, as in Connect. */
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

  private MetadataMapping() {}

  /** The headers of a call, from those of a request. */
  public static Http2Headers ofCall(Http2Headers request, String path, CharSequence authority) {
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

  /** Adds an upstream's metadata to the headers of a response. */
  public static void copy(Http2Headers from, String prefix, Http2Headers to) {
    for (Map.Entry<CharSequence, CharSequence> each : from) {
      if (isCustom(each.getKey().toString())) {
        to.add(prefix + each.getKey(), each.getValue());
      }
    }
  }

  /** An upstream's custom metadata, without the status. */
  public static List<Map.Entry<String, String>> custom(Http2Headers from) {
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
