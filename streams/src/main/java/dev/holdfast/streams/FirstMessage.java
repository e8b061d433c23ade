package dev.holdfast.streams;

/** The time at which the first messages of a session are sent. */
public enum FirstMessage {
  /**
   * With the begin of its first attachment. When that is cut before its welcome, a server that did
   * not get it can't know whether another one did, and unless it is the only one or has a store the
   * session is lost.
   */
  AT_ONCE,
  /**
   * After the welcome, one round trip later. A cut before it costs nothing, whoever serves.
   * Response headers that a handler gives only with its answer are too late then.
   */
  AFTER_WELCOME
}
