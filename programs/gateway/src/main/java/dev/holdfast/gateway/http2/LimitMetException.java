package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.limits.MetLimit;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;

/** A limit that a peer exceeded; it ends the connection. */
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

  /**
   * Records a PING, and fails if there are more than the connection's calls and their DATA account
   * for.
   */
  static void requireFewPings(ControlFrames control, FrameStreams streams)
      throws LimitMetException {
    StreamSide<?> caller = streams.isServer() ? streams.remote() : streams.local();
    int window = streams.connectionStream().sendWindow;
    if (control.onPing(System.nanoTime(), caller.lastStreamCreated(), window)) {
      throw new LimitMetException(MetLimit.PINGS, "too many PINGs");
    }
  }

  static void requireFewSettings(ControlFrames control) throws LimitMetException {
    if (control.onSettings(System.nanoTime())) {
      throw new LimitMetException(MetLimit.SETTINGS, "too many SETTINGS");
    }
  }
}
