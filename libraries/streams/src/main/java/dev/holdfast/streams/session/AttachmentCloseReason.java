package dev.holdfast.streams.session;

/** The reason why a session closes one of its attachments. */
public enum AttachmentCloseReason {
  /** The session is over and the peer knows: end the call in the ordinary way. */
  DONE("The session is over."),
  /** A newer attachment carries the session. */
  REPLACED("A newer attachment carries the session."),
  /** The peer broke the protocol: a gap, a number beyond the end, a header that makes no sense. */
  PROTOCOL_ERROR("The peer broke the duplex protocol."),
  /** The peer said nothing for too long. */
  SILENT("The peer was silent for too long."),
  /** Its client can say nothing on it, and may not see what was sent before the call has ended. */
  RESPONSE_HELD("A hop may hold the response until it is complete."),
  /**
   * The attachment is no longer needed: the older one received data again, or the session ended.
   */
  UNNEEDED("The attachment is no longer needed.");

  private final String sentence;

  AttachmentCloseReason(String sentence) {
    this.sentence = sentence;
  }

  /** The reason as an English sentence. */
  public String sentence() {
    return sentence;
  }
}
