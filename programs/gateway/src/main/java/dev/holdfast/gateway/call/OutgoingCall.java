package dev.holdfast.gateway.call;

/**
 * A gRPC call that the gateway makes, as its caller uses it message by message. Confined to one
 * event loop.
 */
public interface OutgoingCall {
  /**
   * Sends a message; it is queued even if the call is not ready (see {@link #isReady}).
   *
   * @param bytes valid until this returns
   * @param last whether this half-closes the call
   */
  void send(byte[] bytes, int offset, int length, boolean last);

  /** Half-closes the call: no further message is sent. */
  void halfClose();

  /** Whether more should be sent now; if not, {@link CallListener#onReady} follows. */
  boolean isReady();

  /**
   * Requests that many more messages. Messages that arrive before they are requested hold the
   * sender back (backpressure).
   */
  void request(int messages);

  /** Cancels the call; its listener is not called any more. */
  void cancel();
}
