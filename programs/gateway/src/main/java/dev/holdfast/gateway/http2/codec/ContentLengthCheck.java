package dev.holdfast.gateway.http2.codec;

import dev.holdfast.gateway.headers.ReceivedHeaders;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;

/** The check of received DATA against the content-length (RFC 9113, 8.1.1). */
final class ContentLengthCheck {
  private static final ContentLengthCheck ANY = new ContentLengthCheck(ReceivedHeaders.NO_LENGTH);

  private final long said;
  private long seen;

  private ContentLengthCheck(long said) {
    this.said = said;
  }

  /** Creates the check for these headers. */
  static ContentLengthCheck of(ReceivedHeaders receivedHeaders) {
    return receivedHeaders.declaredLength() == ReceivedHeaders.NO_LENGTH
        ? ANY
        : new ContentLengthCheck(receivedHeaders.declaredLength());
  }

  /**
   * Records DATA or the end of the body.
   *
   * @param server whether the body is a request's
   * @throws Http2Exception on the stream, if there is more DATA than announced, or less at the end
   */
  void add(boolean server, int id, int bytes, boolean end) throws Http2Exception {
    if (said == ReceivedHeaders.NO_LENGTH) {
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
