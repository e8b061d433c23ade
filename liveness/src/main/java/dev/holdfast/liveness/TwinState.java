package dev.holdfast.liveness;

/** What became of the new connection that races against a suspect one. */
public enum TwinState {
  /** It is being opened; nothing is known. */
  CONNECTING,
  /**
   * The peer's SETTINGS were seen on it: it takes the new calls. Says nothing about the old one.
   */
  READY,
  /** The peer's machine refused it: the path works, the server is gone or restarting. */
  REFUSED,
  /** It did not come about in its time: the path is down, so closing the old one gains nothing. */
  UNREACHABLE,
  /** There is none any more, or none is wanted. */
  DROPPED
}
