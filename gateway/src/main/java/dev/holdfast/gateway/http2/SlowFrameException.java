package dev.holdfast.gateway.http2;

import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;

/** A frame, or headers of several frames, that did not come to an end in time. */
final class SlowFrameException extends Http2Exception {
  private static final long serialVersionUID = 1;

  SlowFrameException() {
    super(Http2Error.ENHANCE_YOUR_CALM, "a frame or headers that don't end");
  }
}
