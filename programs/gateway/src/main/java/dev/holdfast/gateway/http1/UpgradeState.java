package dev.holdfast.gateway.http1;

/** The state of an HTTP/1.1 request as one that may become a WebSocket. */
enum UpgradeState {
  /** The request asks for no WebSocket. */
  NONE,
  /** The request asks for a WebSocket, and its end is still to be read. */
  REQUESTED,
  /** The request has ended, and its handler decides. */
  DECIDING,
  /** The connection carries WebSocket frames. */
  OPEN;

  /**
   * The next state: none of them is left out, and a request that asks for no WebSocket stays one.
   *
   * @throws IllegalStateException in the states that have no next one
   */
  UpgradeState next() {
    return switch (this) {
      case REQUESTED -> DECIDING;
      case DECIDING -> OPEN;
      case NONE, OPEN -> throw new IllegalStateException("upgrade: nothing follows " + this);
    };
  }
}
