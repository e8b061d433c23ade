package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.MetLimit;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2EventAdapter;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.AsciiString;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A connection that a client opened. On its event loop only. */
final class DownstreamConnection extends FrameConnection {
  private final ForwardingLoop loop;
  private final GatewayLimits limits;
  private final ResetShare resets = new ResetShare();
  private AsciiString client = AsciiString.EMPTY_STRING;
  private boolean begun;

  private DownstreamConnection(
      Http2ConnectionDecoder decoder,
      Http2ConnectionEncoder encoder,
      Http2Settings settings,
      ForwardingLoop loop,
      GatewayLimits limits) {
    super(decoder, encoder, settings, loop.flushes(), limits.connectionBytes());
    this.loop = loop;
    this.limits = limits;
    Frames frames = new Frames();
    decoder.frameListener(frames);
    decoder.connection().addListener(frames);
  }

  static DownstreamConnection of(ForwardingLoop loop, GatewayLimits limits) {
    return ConnectionBuilder.accepted(
        limits,
        (decoder, encoder, settings) ->
            new DownstreamConnection(decoder, encoder, settings, loop, limits));
  }

  ForwardingLoop loop() {
    return loop;
  }

  /** The address of the client, without its port. */
  AsciiString client() {
    return client;
  }

  /** The most that may wait here for slow upstreams. */
  int keptLimit() {
    return limits.connectionBytes();
  }

  /** Whether the client's SETTINGS came. */
  boolean isBegun() {
    return begun;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
    SocketAddress remote = ctx.channel().remoteAddress();
    if (remote instanceof InetSocketAddress inet) {
      client = AsciiString.of(inet.getAddress().getHostAddress());
    }
    super.handlerAdded(ctx);
  }

  @Override
  protected void handleServerHeaderDecodeSizeError(ChannelHandlerContext ctx, Http2Stream stream) {
    loop.meters().met(MetLimit.HEADER_LIST);
    String what = "gateway: headers of more than " + limits.headerListBytes() + " bytes";
    writeHeaders(stream, Answers.trailersOnly(StatusCode.RESOURCE_EXHAUSTED, what), true);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
    if (Http2Exception.class.isInstance(cause)) {
      super.exceptionCaught(ctx, cause);
    } else {
      var unused = ctx.close();
    }
  }

  /** Says goodbye with a reason, after what is written already. */
  void dismiss(Http2Error error, String why) {
    var unused =
        goAway(
            context(),
            connection().remote().lastStreamCreated(),
            error.code(),
            Unpooled.copiedBuffer(why, StandardCharsets.US_ASCII),
            context().newPromise());
    flushLater();
  }

  private void onReset() {
    if (resets.onReset(System.nanoTime())) {
      loop.meters().met(MetLimit.RAPID_RESET);
      dismiss(Http2Error.ENHANCE_YOUR_CALM, "too many of the streams were reset");
    }
  }

  /** The frames of the client, and what becomes of streams. */
  private final class Frames extends Http2EventAdapter {
    @Override
    public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings) {
      begun = true;
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx, int id, Http2Headers headers, int padding, boolean end) {
      Http2Stream stream = connection().stream(id);
      Exchange known = exchange(stream);
      if (known != null) {
        known.onRequestTrailers(headers);
        return;
      }
      resets.onStream();
      Exchange exchange = new Exchange(DownstreamConnection.this, stream, headers, end);
      attach(stream, exchange);
      exchange.begin();
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx,
        int id,
        Http2Headers headers,
        int dependency,
        short weight,
        boolean exclusive,
        int padding,
        boolean end) {
      onHeadersRead(ctx, id, headers, padding, end);
    }

    @Override
    public int onDataRead(
        ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean end) {
      Exchange exchange = exchange(id);
      int bytes = data.readableBytes() + padding;
      return exchange == null ? bytes : exchange.onRequestData(data, bytes, end);
    }

    @Override
    public void onRstStreamRead(ChannelHandlerContext ctx, int id, long code) {
      onReset();
    }

    @Override
    public void onStreamClosed(Http2Stream stream) {
      @Nullable Exchange exchange = exchange(stream);
      if (exchange != null) {
        detach(stream);
        exchange.onDownstreamClosed();
      }
    }
  }
}
