package dev.holdfast.gateway.http2;

/** Hears what became of a frame. A promise can do more, and costs more. */
interface Written {
  /**
   * It left this machine, or never will; once, on the event loop.
   *
   * @param success whether the socket took all of it
   */
  void onWritten(boolean success);
}
