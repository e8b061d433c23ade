package dev.holdfast.gateway.frontend;

/** A protocol for clients without gRPC. */
public enum FrontendProtocol {
  /** The HTTP/JSON protocol, by google.api.http annotations. */
  JSON("json", "HTTP/JSON"),
  /** The gRPC-Web protocol, binary and base64. */
  GRPC_WEB("grpc-web", "gRPC-Web"),
  /** The Connect protocol, unary and streaming. */
  CONNECT("connect", "Connect"),
  /** WebSocket, one call per connection. */
  WEBSOCKET("websocket", "WebSocket");

  private final String key;
  private final String title;

  FrontendProtocol(String key, String title) {
    this.key = key;
    this.title = title;
  }

  /** The key of the protocol in configuration files. */
  public String key() {
    return key;
  }

  /** The display name of the protocol. */
  public String title() {
    return title;
  }
}
