package dev.holdfast.gateway.http2.codec;

import dev.holdfast.gateway.limits.MetLimit;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;

/** A limit that a peer exceeded; it ends the connection. */
public final class LimitExceededException extends Http2Exception {
  private static final long serialVersionUID = 1;

  private final MetLimit limit;

  LimitExceededException(MetLimit limit, String what) {
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
  public static void requireFewPings(ControlFrameFloodDetector control, FrameStreams streams)
      throws LimitExceededException {
    StreamSide<?> caller = streams.isServer() ? streams.remote() : streams.local();
    int window = streams.connectionStream().sendWindow;
    if (control.onPing(System.nanoTime(), caller.lastStreamCreated(), window)) {
      throw new LimitExceededException(MetLimit.PINGS, "too many PINGs");
    }
  }

  public static void requireFewSettings(ControlFrameFloodDetector control)
      throws LimitExceededException {
    if (control.onSettings(System.nanoTime())) {
      throw new LimitExceededException(MetLimit.SETTINGS, "too many SETTINGS");
    }
  }
}
