package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.limits.MetLimit;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;

/** A peer did too much of something, or was too slow: its connection ends. */
final class LimitMetException extends Http2Exception {
  private static final long serialVersionUID = 1;

  private final MetLimit limit;

  LimitMetException(MetLimit limit, String what) {
    super(Http2Error.ENHANCE_YOUR_CALM, what);
    this.limit = limit;
  }

  MetLimit limit() {
    return limit;
  }
}
