package dev.holdfast.transcoding.schema;

/** Which sides of a method send more than one message. */
public enum StreamShape {
  /** One message each way. */
  UNARY(false, false),
  /** The client sends many, the server answers one. */
  CLIENT_STREAM(true, false),
  /** The client sends one, the server answers many. */
  SERVER_STREAM(false, true),
  /** Both send many. */
  BIDI(true, true);

  private final boolean client;
  private final boolean server;

  StreamShape(boolean client, boolean server) {
    this.client = client;
    this.server = server;
  }

  /** Whether the client sends many messages. */
  public boolean clientStreams() {
    return client;
  }

  /** Whether the server sends many messages. */
  public boolean serverStreams() {
    return server;
  }

  static StreamShape of(boolean client, boolean server) {
    if (client) {
      return server ? BIDI : CLIENT_STREAM;
    }
    return server ? SERVER_STREAM : UNARY;
  }
}
