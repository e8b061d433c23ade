package dev.holdfast.gateway.http2;

/** A call of gRPC, message by message, as the one who makes it has it. On one event loop. */
public interface OutgoingCall {
  /**
   * Sends a message; may be more than {@link #isReady} has room for, but is kept then.
   *
   * @param bytes good until this returns
   */
  void send(byte[] bytes, int offset, int length, boolean last);

  /** Nothing more will be sent. */
  void halfClose();

  /** Whether more should be sent now; if not, {@link CallListener#onReady} tells when. */
  boolean isReady();

  /** So many more messages are wanted; what comes before it is wanted holds the sender back. */
  void request(int messages);

  /** Gives the call up; the listener hears nothing more. */
  void cancel();
}
