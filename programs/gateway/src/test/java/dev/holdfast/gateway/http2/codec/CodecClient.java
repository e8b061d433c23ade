package dev.holdfast.gateway.http2.codec;

import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMemory;
import dev.holdfast.gateway.limits.GatewayMeters;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2LocalFlowController;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/** A client's end of a connection that makes requests: with our codec, or with Netty's. */
final class CodecClient implements CodecEnd {
  private static final GatewayLimits LIMITS = GatewayLimits.DEFAULT;

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final Map<Integer, StringBuilder> seen = new TreeMap<>();
  private final Map<Integer, StringBuilder> sent = new TreeMap<>();
  private final Map<Integer, CRC32> bodies = new TreeMap<>();
  private final Map<Integer, Integer> bodyBytes = new TreeMap<>();
  private final DefaultHttp2FrameReader reader = new DefaultHttp2FrameReader();
  private final ByteBuf unread = Unpooled.buffer();
  private final Http2ConnectionHandler handler;
  private final ChannelHandlerContext context;
  private boolean prefaceRead;
  private boolean gone;
  private String reason = "";

  /**
   * Creates a client's end.
   *
   * @param codec of the gateway; null for Netty's handler, without any part of the gateway
   */
  private CodecClient(@Nullable Http2Codec codec) throws Http2Exception {
    if (codec == null) {
      // Netty's loses what is left of a frame when it closes: its loss is not the gateway's.
      channel.config().setAllocator(new UnpooledByteBufAllocator(false, true));
    }
    handler = codec == null ? new NettyBuilder().build() : gateway(codec);
    reader
        .configuration()
        .frameSizePolicy()
        .maxFrameSize(Http2CodecUtil.MAX_FRAME_SIZE_UPPER_BOUND);
    channel.pipeline().addLast(handler);
    context = channel.pipeline().lastContext();
    readSent();
  }

  static CodecClient ofOurs() throws Http2Exception {
    return new CodecClient(OwnCodec.ofClient(LIMITS));
  }

  /** The gateway's connection with the codec of this process; see {@link Http2Codec#dialed}. */
  static CodecClient ofGateway() throws Http2Exception {
    return new CodecClient(Http2Codec.dialed(LIMITS));
  }

  /** The gateway's connection with Netty's codec. */
  static CodecClient ofStock() throws Http2Exception {
    return new CodecClient(StockCodec.ofClient(LIMITS));
  }

  static CodecClient ofNetty() throws Http2Exception {
    return new CodecClient(null);
  }

  /**
   * Makes a request.
   *
   * @param bytes of its body; the request goes on if it is 0
   * @return whether a stream could be opened
   */
  @Override
  public boolean request(int bytes) {
    Http2Connection connection = handler.connection();
    if (!channel.isActive() || connection.goAwayReceived() || !connection.local().canOpenStream()) {
      return false;
    }
    int id = connection.local().incrementAndGetNextStreamId();
    Http2Headers headers =
        new DefaultHttp2Headers()
            .method("POST")
            .scheme("http")
            .path("/a.B/C" + id)
            .authority("a")
            .add("te", "trailers");
    send(id, headers, CodecServer.answer(id, bytes), bytes > 0);
    readSent();
    return true;
  }

  // How writes end shows in what the server is sent.
  @SuppressWarnings("FutureReturnValueIgnored")
  private void send(int id, Http2Headers headers, ByteBuf body, boolean end) {
    if (handler instanceof FrameConnection ours) {
      try {
        CallStream stream = ours.openLocal(id);
        ours.send(stream, headers, false, null);
        if (end) {
          ours.send(stream, body, true, null);
        }
      } catch (Http2Exception e) {
        throw new IllegalStateException(e);
      }
      body.release();
    } else {
      ChannelHandlerContext ctx = channel.pipeline().context(handler);
      handler.encoder().writeHeaders(ctx, id, headers, 0, false, ctx.newPromise());
      if (end) {
        handler.encoder().writeData(ctx, id, body, 0, true, ctx.newPromise());
      } else {
        body.release();
      }
    }
  }

  /** Bytes of the server came. */
  @Override
  public void feed(ByteBuf bytes) {
    if (channel.isActive()) {
      channel.writeInbound(bytes.copy());
      readSent();
    }
  }

  /** What the client saw, and what its server was sent, by stream. */
  @Override
  public String story() {
    Map<Integer, Long> sums = new TreeMap<>();
    bodies.forEach((id, sum) -> sums.put(id, sum.getValue()));
    return "seen " + seen + " sent " + sent + " bodies " + bodyBytes + " sums " + sums;
  }

  /** Whether it sent GOAWAY. */
  @Override
  public boolean isGone() {
    return gone;
  }

  /** The words of its GOAWAY, or those with which Netty's reset a stream last. */
  @Override
  public String reason() {
    return reason;
  }

  @Override
  public void close() {
    channel.finishAndReleaseAll();
    unread.release();
    reader.close();
  }

  private void readSent() {
    channel.runPendingTasks();
    channel.flush();
    for (ByteBuf next = channel.readOutbound(); next != null; next = channel.readOutbound()) {
      unread.writeBytes(next);
      next.release();
    }
    if (!prefaceRead && unread.isReadable()) {
      prefaceRead = true;
      unread.skipBytes(Http2CodecUtil.connectionPrefaceBuf().readableBytes());
    }
    try {
      reader.readFrame(context, unread, new Server());
    } catch (Http2Exception e) {
      throw new IllegalStateException(e);
    }
    unread.discardReadBytes();
  }

  private Http2ConnectionHandler gateway(Http2Codec codec) {
    LoopResources loopResources =
        new LoopResources(
            channel.eventLoop(),
            new GatewayMeters(new SimpleMeterRegistry()),
            GatewayMemory.ofProcess().part(Runnable::run));
    FrameConnection connection =
        new FrameConnection(codec, loopResources, LIMITS.connectionBytes()) {};
    connection.listen(new Seen());
    return connection;
  }

  private void listen(Http2ConnectionDecoder decoder) {
    Seen listener = new Seen();
    decoder.frameListener(listener);
    decoder
        .connection()
        .addListener(
            new Http2ConnectionAdapter() {
              @Override
              public void onStreamClosed(Http2Stream stream) {
                listener.onClosed(stream.id());
              }
            });
  }

  private static StringBuilder of(Map<Integer, StringBuilder> story, int id) {
    return story.computeIfAbsent(id, unused -> new StringBuilder());
  }

  private final class NettyBuilder
      extends AbstractHttp2ConnectionHandlerBuilder<Http2ConnectionHandler, NettyBuilder> {
    NettyBuilder() {
      DefaultHttp2Connection connection = new DefaultHttp2Connection(false);
      connection
          .local()
          .flowController(new DefaultHttp2LocalFlowController(connection, 0.5f, true));
      connection(connection);
      initialSettings(
          new Http2Settings()
              .initialWindowSize(LIMITS.streamWindowBytes())
              .maxHeaderListSize(LIMITS.headerListBytes())
              .pushEnabled(false));
      decoderEnforceMaxConsecutiveEmptyDataFrames(FrameDecoder.MAX_EMPTY_DATA);
      decoderEnforceMaxRstFramesPerWindow(0, 0);
      validateRequiredPseudoHeaders(true);
      frameListener(new Http2FrameAdapter());
    }

    @Override
    public Http2ConnectionHandler build() {
      return super.build();
    }

    @Override
    protected Http2ConnectionHandler build(
        Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
      listen(decoder);
      return new NettyHandler(decoder, encoder, settings);
    }
  }

  private final class NettyHandler extends Http2ConnectionHandler {
    NettyHandler(
        Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
      super(decoder, encoder, settings);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
      super.handlerAdded(ctx);
      Http2Stream whole = connection().connectionStream();
      int more =
          LIMITS.connectionBytes() - connection().local().flowController().initialWindowSize(whole);
      connection().local().flowController().incrementWindowSize(whole, more);
    }

    /** Netty resets a stream that is over for each frame that comes late (but: RFC 9113, 5.1). */
    @Override
    protected void onStreamError(
        ChannelHandlerContext ctx,
        boolean outbound,
        Throwable cause,
        Http2Exception.StreamException e) {
      reason = NettyErrors.rootMessage(e);
      if (e.error() != Http2Error.STREAM_CLOSED || connection().stream(e.streamId()) != null) {
        super.onStreamError(ctx, outbound, cause, NettyErrors.judged(e, connection()));
      }
    }
  }

  /** Notes what comes. */
  private final class Seen extends CallFrameListener {
    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx, int id, Http2Headers headers, int padding, boolean end) {
      of(seen, id).append("H").append(CodecServer.text(headers)).append(end ? "; " : " ");
    }

    @Override
    public int onDataRead(
        ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean end) {
      of(seen, id).append("D").append(data.readableBytes()).append(':');
      of(seen, id).append(CodecServer.checksum(data)).append(end ? "; " : " ");
      return data.readableBytes() + padding;
    }

    @Override
    public void onRstStreamRead(ChannelHandlerContext ctx, int id, long code) {
      of(seen, id).append("R").append(code).append(' ');
    }

    @Override
    public void onPingRead(ChannelHandlerContext ctx, long data) {
      of(seen, 0).append("P").append(data).append(' ');
    }

    @Override
    public void onGoAwayRead(ChannelHandlerContext ctx, int last, long code, ByteBuf debugData) {
      of(seen, 0).append("G").append(code).append(" after ").append(last).append(' ');
    }

    @Override
    public void onStreamClosed(CallStream stream) {
      onClosed(stream.id());
    }

    private void onClosed(int id) {
      of(seen, id).append("closed ");
    }
  }

  /** Notes what the server is sent: DATA by its sum. */
  private final class Server extends Http2FrameAdapter {
    @Override
    public int onDataRead(
        ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean end) {
      bodyBytes.merge(id, data.readableBytes(), Integer::sum);
      bodies.computeIfAbsent(id, unused -> new CRC32()).update(ByteBufUtil.getBytes(data));
      if (end) {
        of(sent, id).append("D; ");
      }
      return data.readableBytes() + padding;
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx, int id, Http2Headers headers, int padding, boolean end) {
      of(sent, id).append("H").append(CodecServer.text(headers)).append(end ? "; " : " ");
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
    public void onRstStreamRead(ChannelHandlerContext ctx, int id, long code) {
      // Netty resets a stream that was reset, if DATA waited for it (but: RFC 9113, 5.4.2).
      if (code != Http2Error.STREAM_CLOSED.code() || of(seen, id).indexOf("R") < 0) {
        of(sent, id).append("R").append(code).append(' ');
      }
    }

    @Override
    public void onPingAckRead(ChannelHandlerContext ctx, long data) {
      of(sent, 0).append("P").append(data).append(' ');
    }

    @Override
    public void onSettingsAckRead(ChannelHandlerContext ctx) {
      of(sent, 0).append("S ");
    }

    @Override
    public void onWindowUpdateRead(ChannelHandlerContext ctx, int id, int increment) {
      of(sent, id).append("W").append(increment).append(' ');
    }

    @Override
    public void onGoAwayRead(ChannelHandlerContext ctx, int last, long code, ByteBuf debugData) {
      gone = true;
      reason = debugData.toString(StandardCharsets.UTF_8);
      of(sent, 0).append("G").append(code).append(" after ").append(last).append(' ');
    }
  }
}
