package dev.holdfast.liveness;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * A decorator of gRPC's frame listener. Notes HEADERS and DATA, consumes the acks of this side's
 * own PINGs (gRPC logs a warning for each), and reads the reason in the peer's GOAWAY.
 */
final class LivenessFrameListener extends Http2FrameListenerDecorator {
  /** "HFping" and two bytes that count. */
  private static final long OWN = 0x4846_7069_6e67_0000L;

  private static final long COUNT_MASK = 0xffffL;

  private final LivenessHandler handler;
  private final GoAwayReason goAwayReason;

  LivenessFrameListener(
      Http2FrameListener listener, LivenessHandler handler, GoAwayReason goAwayReason) {
    super(listener);
    this.handler = handler;
    this.goAwayReason = goAwayReason;
  }

  /** Puts itself before gRPC's listener; null while TLS or gRPC still negotiate. */
  static @Nullable Http2ConnectionHandler install(
      ChannelPipeline pipeline, LivenessHandler handler, GoAwayReason goAwayReason) {
    Http2ConnectionHandler found = pipeline.get(Http2ConnectionHandler.class);
    if (found == null || found.decoder().frameListener() == null) {
      return null;
    }
    found
        .decoder()
        .frameListener(
            new LivenessFrameListener(found.decoder().frameListener(), handler, goAwayReason));
    found.connection().addListener(goAwayReason);
    return found;
  }

  /** Sends our PING of this number; says whether there was a way to. */
  static boolean ping(
      ChannelPipeline pipeline, @Nullable Http2ConnectionHandler http2, int number) {
    ChannelHandlerContext at = http2 == null ? null : pipeline.context(http2);
    if (http2 == null || at == null) {
      return false;
    }
    // How it ends shows as an answer, or as the end of the connection.
    var unused = http2.encoder().writePing(at, false, payload(number), at.newPromise());
    at.flush();
    return true;
  }

  /** The payload of our PING of this number. */
  static long payload(int number) {
    return OWN | (number & COUNT_MASK);
  }

  @Override
  public int onDataRead(
      ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean endOfStream)
      throws Http2Exception {
    handler.onCallFrame();
    return listener.onDataRead(ctx, streamId, data, padding, endOfStream);
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean end)
      throws Http2Exception {
    handler.onCallFrame();
    listener.onHeadersRead(ctx, streamId, headers, padding, end);
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx,
      int streamId,
      Http2Headers headers,
      int streamDependency,
      short weight,
      boolean exclusive,
      int padding,
      boolean endStream)
      throws Http2Exception {
    handler.onCallFrame();
    listener.onHeadersRead(
        ctx, streamId, headers, streamDependency, weight, exclusive, padding, endStream);
  }

  @Override
  public void onPingAckRead(ChannelHandlerContext ctx, long data) throws Http2Exception {
    if ((data & ~COUNT_MASK) == OWN) {
      handler.onOwnAnswer(data);
    } else {
      handler.onForeignAnswer();
      listener.onPingAckRead(ctx, data);
    }
  }

  @Override
  public void onGoAwayRead(
      ChannelHandlerContext ctx, int lastStreamId, long errorCode, ByteBuf debugData)
      throws Http2Exception {
    // Before gRPC, which ends calls for it.
    goAwayReason.onGoAwayReceived(debugData);
    listener.onGoAwayRead(ctx, lastStreamId, errorCode, debugData);
  }
}
