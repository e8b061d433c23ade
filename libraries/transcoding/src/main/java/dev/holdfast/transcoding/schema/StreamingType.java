package dev.holdfast.transcoding.schema;

/** The streaming type of a method: which sides send more than one message. */
public enum StreamingType {
  /** Unary: a single message each way. */
  UNARY(false, false),
  /** Client streaming: many request messages, one response. */
  CLIENT_STREAM(true, false),
  /** Server streaming: one request message, many responses. */
  SERVER_STREAM(false, true),
  /** Bidirectional streaming: many messages each way. */
  BIDI(true, true);

  private final boolean client;
  private final boolean server;

  StreamingType(boolean client, boolean server) {
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

  static StreamingType of(boolean client, boolean server) {
    if (client) {
      return server ? BIDI : CLIENT_STREAM;
    }
    return server ? SERVER_STREAM : UNARY;
  }
}
