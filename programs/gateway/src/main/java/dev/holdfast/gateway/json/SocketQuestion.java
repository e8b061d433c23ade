package dev.holdfast.gateway.json;

import dev.holdfast.transcoding.http.RequestRefusedException;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * A request for a WebSocket.
 *
 * @param headers of the request
 */
record SocketQuestion(Http2Headers headers) {
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

  private static String text(Http2Headers headers, String name) {
    CharSequence value = headers.get(name);
    return value == null ? "" : value.toString();
  }
}
