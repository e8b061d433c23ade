package dev.holdfast.gateway.http2;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.DefaultChannelPromise;
import io.netty.handler.codec.http2.Http2Stream;

/**
 * The bridge between two windows: a write to one side that gives its bytes back to the sender on
 * the other when it is done, and also when it failed, since then nobody keeps them.
 */
final class BridgedWrite extends DefaultChannelPromise implements ChannelFutureListener {
  private final FrameConnection source;
  private final Http2Stream stream;
  private final int bytes;

  private BridgedWrite(FrameConnection to, FrameConnection source, Http2Stream stream, int bytes) {
    super(to.channel(), to.context().executor());
    this.source = source;
    this.stream = stream;
    this.bytes = bytes;
  }

  static BridgedWrite of(FrameConnection to, FrameConnection source, Http2Stream stream, int n) {
    BridgedWrite write = new BridgedWrite(to, source, stream, n);
    var unused = write.addListener(write);
    return write;
  }

  @Override
  public void operationComplete(ChannelFuture write) {
    source.giveBack(stream, bytes);
  }
}
