package dev.holdfast.gateway.http2.codec;

import dev.holdfast.gateway.limits.MetLimit;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Settings;

/** The limit of a peer's PINGs and SETTINGS, in front of the listener for its frames. */
abstract class LimitedFrameListener extends Http2FrameListenerDecorator {
  private final ControlFrameFloodDetector control;
  private final Http2Connection connection;

  LimitedFrameListener(
      Http2FrameListener listener, ControlFrameFloodDetector control, Http2Connection connection) {
    super(listener);
    this.control = control;
    this.connection = connection;
  }

  @Override
  public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings)
      throws Http2Exception {
    if (control.onSettings(System.nanoTime())) {
      throw new LimitExceededException(MetLimit.SETTINGS, "too many SETTINGS");
    }
    super.onSettingsRead(ctx, settings);
  }

  /** Fails if there are more PINGs than the connection's calls and their DATA account for. */
  @Override
  public void onPingRead(ChannelHandlerContext ctx, long data) throws Http2Exception {
    Http2Connection.Endpoint<?> caller =
        connection.isServer() ? connection.remote() : connection.local();
    int window = connection.remote().flowController().windowSize(connection.connectionStream());
    if (control.onPing(System.nanoTime(), caller.lastStreamCreated(), window)) {
      throw new LimitExceededException(MetLimit.PINGS, "too many PINGs");
    }
    super.onPingRead(ctx, data);
  }
}
