package dev.holdfast.gateway.http2.codec;

/** The state of a connection and its stream before a case's frames come (RFC 9113, 5.1). */
enum CaseState {
  /** Nothing was sent yet, not even the preface. */
  NEW("a new connection"),
  IDLE("an idle stream"),
  /** The client has sent its headers, and the server nothing. */
  REQUESTED("a requested stream"),
  /** Both have sent their headers. */
  OPEN("an open stream"),
  HALF_CLOSED_LOCAL("a half-closed (local) stream"),
  HALF_CLOSED_REMOTE("a half-closed (remote) stream"),
  /** Both have ended the stream. */
  ENDED("an ended stream"),
  RESET_BY_PEER("a stream that the peer reset"),
  RESET_HERE("a stream that was reset here"),
  /** All windows of the peer are used up, and as many bytes wait as they had. */
  SENDING("a stream that waits for windows");

  private final String text;

  CaseState(String text) {
    this.text = text;
  }

  @Override
  public String toString() {
    return text;
  }
}
