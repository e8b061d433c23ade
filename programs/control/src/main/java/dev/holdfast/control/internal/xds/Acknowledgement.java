package dev.holdfast.control.internal.xds;

/** The answer that a request gives to the response before it (ACK or NACK). */
public enum Acknowledgement {
  /** No answer: the request is the first one, or only changes a subscription. */
  NONE,
  /** The last response was accepted (ACK). */
  ACCEPTED,
  /** The last response was rejected (NACK); the client keeps the previous resources. */
  REJECTED,
  /** The request answers a response that was followed by another one, whose answer counts. */
  STALE
}
