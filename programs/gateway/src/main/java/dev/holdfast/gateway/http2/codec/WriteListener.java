package dev.holdfast.gateway.http2.codec;

/** The listener for the end of a frame's write. Cheaper than a promise. */
public interface WriteListener {
  /**
   * The write ended; called once, on the event loop.
   *
   * @param success whether the socket took the whole frame
   */
  void onWritten(boolean success);
}
