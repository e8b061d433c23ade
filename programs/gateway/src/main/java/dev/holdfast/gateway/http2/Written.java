package dev.holdfast.gateway.http2;

/** The listener for the end of a frame's write. Cheaper than a promise. */
interface Written {
  /**
   * The write ended; called once, on the event loop.
   *
   * @param success whether the socket took the whole frame
   */
  void onWritten(boolean success);
}
