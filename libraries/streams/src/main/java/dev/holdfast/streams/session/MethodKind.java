package dev.holdfast.streams.session;

/**
 * The cardinality of a method, as the client's application sees it. The wire does not carry it:
 * below the application each side may send any number of messages.
 *
 * <p>It decides what a client says before it knows whether its server has sessions, because a
 * server without them may answer only when it has heard everything.
 */
public enum MethodKind {
  /** Each side sends any number of messages. */
  BIDIRECTIONAL,
  /** The client sends one message, after which the server answers with any number. */
  SERVER_STREAMING,
  /** The client sends any number of messages, after which the server answers with one. */
  CLIENT_STREAMING
}
