package dev.holdfast.gateway.json;

/** A way to speak to services without gRPC. */
public enum Face {
  /** HTTP/JSON. */
  JSON("json", "HTTP/JSON"),
  /** gRPC-Web, in bytes and in base64. */
  GRPC_WEB("grpc-web", "gRPC-Web"),
  /** Connect's unary calls and streams. */
  CONNECT("connect", "Connect"),
  /** Messages over WebSockets. */
  WEBSOCKET("websocket", "WebSocket");

  private final String key;
  private final String title;

  Face(String key, String title) {
    this.key = key;
    this.title = title;
  }

  /** As files call it. */
  public String key() {
    return key;
  }

  /** As people call it. */
  public String title() {
    return title;
  }
}
