package dev.holdfast.streams;

/** The time at which the first messages of a session are sent. */
public enum FirstMessage {
  /**
   * The first messages are sent when the first attachment begins. If that is cut before its
   * welcome, a server that did not get them can't know whether another one did. The session is then
   * lost, unless the server is the only one or has a store.
   */
  AT_ONCE,
  /**
   * The first messages are sent after the welcome, one round trip later. A cut before the welcome
   * loses nothing. Response headers that a handler sends only with its answer are too late then.
   */
  AFTER_WELCOME
}
