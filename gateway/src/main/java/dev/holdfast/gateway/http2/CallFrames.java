package dev.holdfast.gateway.http2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2EventAdapter;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;

/** What takes the frames of calls: priorities are deprecated (RFC 9113, 5.3.2) and left out. */
abstract class CallFrames extends Http2EventAdapter {
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

  /**
   * Whether DATA says nothing. It ends here: a few such frames in a row count as a flood, and to an
   * upstream that of one client would be that of all.
   */
  static boolean isVoid(ByteBuf data, boolean end) {
    return !end && !data.isReadable();
  }
}
