package dev.holdfast.liveness;

/** The state of the new connection that races against a suspect one. */
public enum ReplacementState {
  /** The replacement is being opened; nothing is known. */
  CONNECTING,
  /**
   * The peer's SETTINGS arrived on the replacement, and it takes the new calls. Says nothing about
   * the old connection.
   */
  READY,
  /**
   * The peer's machine refused the replacement: the path works, and the server is gone or
   * restarting.
   */
  REFUSED,
  /**
   * The replacement did not connect in time: the path is down, so closing the old connection gains
   * nothing.
   */
  UNREACHABLE,
  /** There is no replacement any more, or none is wanted. */
  DROPPED
}
