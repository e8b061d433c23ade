package dev.holdfast.gateway.frontend.websocket;

import dev.holdfast.transcoding.status.RequestRefusedException;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * A request for a WebSocket.
 *
 * @param headers of the request
 */
public record WebSocketRequest(Http2Headers headers) {
  /** The sub-protocol: the first of the client's that is known. */
  public String protocol() {
    String offered = text(headers, "sec-websocket-protocol");
    for (String each : offered.split(",", -1)) {
      String name = each.strip();
      if (name.equals(WebSocketCallCodec.JSON) || name.equals(WebSocketCallCodec.PROTO)) {
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
