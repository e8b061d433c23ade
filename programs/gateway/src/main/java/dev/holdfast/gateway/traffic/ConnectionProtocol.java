package dev.holdfast.gateway.traffic;

/** The protocol of a gateway's connection, below the calls that it carries. */
public enum ConnectionProtocol {
  HTTP2("h2"),
  HTTP1("http/1.1"),
  /** An upgraded connection of HTTP/1.1. */
  WEBSOCKET("websocket"),
  /** Bytes that are passed through unread, TLS of the client included. */
  TCP("tcp");

  private final String text;

  ConnectionProtocol(String text) {
    this.text = text;
  }

  /** The name as ALPN and upgrades write it, such as {@code http/1.1}. */
  public String text() {
    return text;
  }
}
