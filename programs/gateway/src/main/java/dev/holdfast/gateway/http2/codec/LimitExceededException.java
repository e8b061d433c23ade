package dev.holdfast.gateway.http2.codec;

import dev.holdfast.gateway.limits.MetLimit;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;

/** A limit that a peer exceeded; it ends the connection. */
final class LimitExceededException extends Http2Exception {
  private static final long serialVersionUID = 1;

  private final MetLimit limit;

  LimitExceededException(MetLimit limit, String what) {
    super(Http2Error.ENHANCE_YOUR_CALM, what);
    this.limit = limit;
  }

  MetLimit limit() {
    return limit;
  }
}
