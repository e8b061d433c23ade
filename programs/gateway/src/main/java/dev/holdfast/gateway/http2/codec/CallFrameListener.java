package dev.holdfast.gateway.http2.codec;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * The base of frame listeners for calls. Stream priorities are dropped, since they are deprecated
 * (RFC 9113, 5.3.2).
 */
public abstract class CallFrameListener extends Http2FrameAdapter {
  @Override
  public final void onHeadersRead(
      ChannelHandlerContext ctx,
      int id,
      Http2Headers headers,
      int dependency,
      short weight,
      boolean exclusive,
      int padding,
      boolean end)
      throws Http2Exception {
    onHeadersRead(ctx, id, headers, padding, end);
  }

  /** Called when a stream is closed, whatever ended it; the last event of the stream. */
  public abstract void onStreamClosed(CallStream stream);

  /** Called when the peer's GOAWAY arrives, before the streams are closed that it leaves out. */
  public void onGoAwayReceived(int lastStreamId, long code, ByteBuf debugData) {}

  /**
   * Whether DATA is empty and does not end the stream. Such frames are not forwarded: a few in a
   * row count as a flood, and an upstream would blame all clients for those of one.
   */
  public static boolean isVoid(ByteBuf data, boolean end) {
    return !end && !data.isReadable();
  }
}
