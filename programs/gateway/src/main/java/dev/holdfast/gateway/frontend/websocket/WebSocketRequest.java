package dev.holdfast.gateway.frontend.websocket;

import dev.holdfast.transcoding.status.RequestRefusedException;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.Set;

/**
 * A request for a WebSocket.
 *
 * @param headers of the request
 */
public record WebSocketRequest(Http2Headers headers) {
  private static final Set<String> PROTOCOLS =
      Set.of(
          WebSocketCallCodec.JSON,
          WebSocketCallCodec.JSON_WITH_HEARTBEATS,
          WebSocketCallCodec.PROTO);

  /** The sub-protocol: the first of the client's that is known. */
  public String protocol() {
    String offered = text(headers, "sec-websocket-protocol");
    for (String each : offered.split(",", -1)) {
      String name = each.strip();
      if (PROTOCOLS.contains(name)) {
        return name;
      }
    }
    throw RequestRefusedException.badRequest(
        "sec-websocket-protocol: "
            + (offered.isEmpty() ? "none" : offered)
            + " (expected: grpc+json, grpc-heartbeat+json or grpc+proto)");
  }

  private static String text(Http2Headers headers, String name) {
    CharSequence value = headers.get(name);
    return value == null ? "" : value.toString();
  }
}
