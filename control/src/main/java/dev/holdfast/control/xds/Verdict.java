package dev.holdfast.control.xds;

/** What a request says about the response before it. */
public enum Verdict {
  /** Nothing: it is the first one, or changes a subscription only. */
  NONE,
  /** The last response is in use. */
  ACCEPTED,
  /** The last response was refused; the client goes on with what it had before. */
  REJECTED,
  /** It answers a response that was followed by another one; that one's answer counts. */
  STALE
}
