package dev.holdfast.gateway.http2;

import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;

/** The check of received DATA against the content-length (RFC 9113, 8.1.1). */
final class SaidLength {
  private static final SaidLength ANY = new SaidLength(Head.UNSAID);

  private final long said;
  private long seen;

  private SaidLength(long said) {
    this.said = said;
  }

  /** Creates the check for these headers. */
  static SaidLength of(Head head) {
    return head.saidLength() == Head.UNSAID ? ANY : new SaidLength(head.saidLength());
  }

  /**
   * Records DATA or the end of the body.
   *
   * @param server whether the body is a request's
   * @throws Http2Exception on the stream, if there is more DATA than announced, or less at the end
   */
  void add(boolean server, int id, int bytes, boolean end) throws Http2Exception {
    if (said == Head.UNSAID) {
      return;
    }
    seen += bytes;
    // The answer to HEAD tells of bytes that don't come.
    boolean missing = end && seen < said && (server || seen > 0);
    if (missing || seen > said) {
      throw Http2Exception.streamError(
          id,
          Http2Error.PROTOCOL_ERROR,
          "bytes of DATA: %d (expected: %d, as content-length says)",
          seen,
          said);
    }
  }
}
