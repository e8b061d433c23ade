package dev.holdfast.gateway.http2.codec;

import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMemory;
import dev.holdfast.gateway.limits.GatewayMeters;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
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
import java.util.Objects;
import java.util.TreeMap;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/** A server's end of a connection that answers some requests: with our codec, or with Netty's. */
final class CodecServer implements CodecEnd {
  private static final int STREAMS = 8;

  private static final GatewayLimits LIMITS =
      new GatewayLimits(
          STREAMS,
          GatewayLimits.HEADER_LIST_BYTES,
          GatewayLimits.STREAM_WINDOW_BYTES,
          GatewayLimits.CONNECTION_BYTES,
          GatewayLimits.HANDSHAKE,
          GatewayLimits.IDLE);

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final Map<Integer, StringBuilder> seen = new TreeMap<>();
  private final Map<Integer, StringBuilder> sent = new TreeMap<>();
  private final Map<Integer, CRC32> answers = new TreeMap<>();
  private final DefaultHttp2FrameReader reader = new DefaultHttp2FrameReader();
  private final ByteBuf unread = Unpooled.buffer();
  private final Http2ConnectionHandler handler;
  private final ChannelHandlerContext context;
  private boolean past;
  private boolean gone;
  private String reason = "";
  private int refused;

  /** Sends a whole answer. */
  private interface Answering {
    void answer(int id, Http2Headers head, ByteBuf data, Http2Headers trailers);
  }

  /**
   * Creates a server's end.
   *
   * @param codec of the gateway; null for Netty's handler, without any part of the gateway
   */
  private CodecServer(@Nullable Http2Codec codec) {
    if (codec == null) {
      // Netty's loses what is left of a frame when it closes: its loss is not the gateway's.
      channel.config().setAllocator(new UnpooledByteBufAllocator(false, true));
    }
    handler = codec == null ? netty() : gateway(codec);
    channel.pipeline().addLast(handler);
    context = channel.pipeline().lastContext();
  }

  static CodecServer ofOurs() {
    return new CodecServer(OwnCodec.ofServer(LIMITS));
  }

  /** The gateway's connection with the codec of this process; see {@link Http2Codec#accepted}. */
  static CodecServer ofGateway() {
    return new CodecServer(Http2Codec.accepted(LIMITS));
  }

  /** The gateway's connection with Netty's codec. */
  static CodecServer ofStock() {
    return new CodecServer(StockCodec.ofServer(LIMITS));
  }

  /** As {@link #ofOurs}, and reads past the pipeline what a socket would hand it there. */
  static CodecServer ofOursPastPipeline() {
    CodecServer side = ofOurs();
    side.past = true;
    return side;
  }

  static CodecServer ofNetty() {
    return new CodecServer(null);
  }

  /** Takes what it copies from an allocator. */
  CodecServer allocatingFrom(ByteBufAllocator allocator) {
    channel.config().setAllocator(allocator);
    return this;
  }

  /** Bytes of the client came. */
  @Override
  public void feed(ByteBuf bytes) throws Exception {
    reader
        .configuration()
        .frameSizePolicy()
        .maxFrameSize(Http2CodecUtil.MAX_FRAME_SIZE_UPPER_BOUND);
    if (!channel.isActive()) {
      return;
    }
    if (past && handler instanceof FrameConnection ours && !ours.hasPartOfFrame()) {
      ByteBuf read = bytes.copy();
      ours.onBytes(read);
      ours.onReadComplete();
      read.release();
    } else {
      // A read does not grow, as one of which a call still holds a part.
      int length = bytes.readableBytes();
      channel.writeInbound(
          Unpooled.buffer(length, length).writeBytes(bytes, bytes.readerIndex(), length));
    }
    channel.runPendingTasks();
    channel.flush();
    for (ByteBuf next = channel.readOutbound(); next != null; next = channel.readOutbound()) {
      unread.writeBytes(next);
      next.release();
    }
    reader.readFrame(context, unread, new Client());
    unread.discardReadBytes();
  }

  /** What the server saw, and what its client was sent, by stream. */
  @Override
  public String story() {
    Map<Integer, Long> sums = new TreeMap<>();
    answers.forEach((id, sum) -> sums.put(id, sum.getValue()));
    return "seen " + seen + " sent " + sent + " sums " + sums;
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

  private Http2ConnectionHandler gateway(Http2Codec codec) {
    LoopResources loopResources =
        new LoopResources(
            channel.eventLoop(),
            new GatewayMeters(new SimpleMeterRegistry()),
            GatewayMemory.ofProcess().part(Runnable::run));
    FrameConnection connection =
        new FrameConnection(codec, loopResources, LIMITS.connectionBytes()) {};
    connection.listen(
        new Server(
            codec.connection(),
            (id, head, data, trailers) -> {
              CallStream stream = Objects.requireNonNull(codec.stream(id));
              connection.send(stream, head, false, null);
              connection.send(stream, data, false, null);
              connection.send(stream, trailers, true, null);
            }));
    codec.connection().remote().maxActiveStreams(STREAMS);
    return connection;
  }

  private Http2ConnectionHandler netty() {
    return new NettyBuilder().build();
  }

  private void listen(Http2ConnectionDecoder decoder, Answering answering) {
    Server server = new Server(decoder.connection(), answering);
    decoder.frameListener(server);
    decoder
        .connection()
        .addListener(
            new Http2ConnectionAdapter() {
              @Override
              public void onStreamClosed(Http2Stream stream) {
                server.onClosed(stream.id());
              }
            });
    decoder.connection().remote().maxActiveStreams(STREAMS);
  }

  /**
   * All names and values in their order. Netty leaves whitespace behind a value, which our codec
   * strips.
   */
  static String text(Http2Headers headers) {
    StringBuilder text = new StringBuilder("{");
    headers.forEach(
        field ->
            text.append(field.getKey())
                .append('=')
                .append(field.getValue().toString().strip())
                .append(' '));
    return text.append('}').toString();
  }

  static ByteBuf answer(int id, int length) {
    ByteBuf answer = Unpooled.buffer(length);
    for (int i = 0; i < length; i++) {
      answer.writeByte(31 * id + i % 251);
    }
    return answer;
  }

  static long checksum(ByteBuf data) {
    CRC32 sum = new CRC32();
    sum.update(ByteBufUtil.getBytes(data));
    return sum.getValue();
  }

  private static StringBuilder of(Map<Integer, StringBuilder> story, int id) {
    return story.computeIfAbsent(id, unused -> new StringBuilder());
  }

  private final class NettyBuilder
      extends AbstractHttp2ConnectionHandlerBuilder<Http2ConnectionHandler, NettyBuilder> {
    NettyBuilder() {
      DefaultHttp2Connection connection = new DefaultHttp2Connection(true);
      connection
          .local()
          .flowController(new DefaultHttp2LocalFlowController(connection, 0.5f, true));
      connection(connection);
      initialSettings(
          new Http2Settings()
              .initialWindowSize(LIMITS.streamWindowBytes())
              .maxHeaderListSize(LIMITS.headerListBytes())
              .maxConcurrentStreams(STREAMS));
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
      return new NettyHandler(decoder, encoder, settings);
    }
  }

  // How writes end shows in what the client is sent.
  @SuppressWarnings("FutureReturnValueIgnored")
  private final class NettyHandler extends Http2ConnectionHandler {
    NettyHandler(
        Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
      super(decoder, encoder, settings);
      listen(
          decoder,
          (id, head, data, trailers) -> {
            ChannelHandlerContext ctx = channel.pipeline().context(this);
            encoder.writeHeaders(ctx, id, head, 0, false, ctx.newPromise());
            encoder.writeData(ctx, id, data, 0, false, ctx.newPromise());
            encoder.writeHeaders(ctx, id, trailers, 0, true, ctx.newPromise());
          });
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
      if (e.error() == Http2Error.REFUSED_STREAM) {
        noteRefused(e.streamId());
      }
      if (e.error() != Http2Error.STREAM_CLOSED || connection().stream(e.streamId()) != null) {
        super.onStreamError(ctx, outbound, cause, NettyErrors.judged(e, connection()));
      }
    }

    /** Netty takes what follows a request that was refused for a breach (but: RFC 9113, 5.1). */
    private void noteRefused(int id) {
      Http2Connection.Endpoint<?> client = connection().remote();
      refused = id;
      client.maxActiveStreams(STREAMS + 1);
      try {
        client.createStream(id, false).close();
      } catch (Http2Exception e) {
        throw new IllegalStateException(e);
      } finally {
        client.maxActiveStreams(STREAMS);
      }
    }
  }

  /** Notes what comes, and answers two of three requests, with much or little. */
  private final class Server extends CallFrameListener {
    private final Http2Connection connection;
    private final Answering answering;

    Server(Http2Connection connection, Answering answering) {
      this.connection = connection;
      this.answering = answering;
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx, int id, Http2Headers headers, int padding, boolean end) {
      of(seen, id).append("H").append(text(headers)).append(end ? "; " : " ");
      if (headers.path() != null && id % 3 != 0 && connection.stream(id) != null) {
        answering.answer(
            id,
            new DefaultHttp2Headers().status("200"),
            answer(id, id % 5 == 0 ? 40_000 : id % 1_000 * 10),
            new DefaultHttp2Headers().add("grpc-status", "0"));
      }
    }

    @Override
    public int onDataRead(
        ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean end) {
      of(seen, id).append("D").append(data.readableBytes()).append(':').append(checksum(data));
      of(seen, id).append(end ? "; " : " ");
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
    public void onStreamClosed(CallStream stream) {
      onClosed(stream.id());
    }

    private void onClosed(int id) {
      if (id != refused) {
        of(seen, id).append("closed ");
      }
    }
  }

  /** Notes what the client is sent: DATA and windows by their sums. */
  private final class Client extends Http2FrameAdapter {
    private final Map<Integer, Integer> dataBytes = new TreeMap<>();

    @Override
    public int onDataRead(
        ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean end) {
      answers.computeIfAbsent(id, unused -> new CRC32()).update(ByteBufUtil.getBytes(data));
      int sum = dataBytes.merge(id, data.readableBytes(), Integer::sum);
      StringBuilder story = of(sent, id);
      int before = story.lastIndexOf("D");
      if (before >= 0 && story.indexOf(" ", before) == story.length() - 1) {
        sum =
            Integer.parseInt(story.substring(before + 1, story.length() - 1))
                + data.readableBytes();
        story.setLength(before);
      }
      story.append("D").append(sum).append(' ');
      return data.readableBytes() + padding;
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx, int id, Http2Headers headers, int padding, boolean end) {
      of(sent, id).append("H").append(text(headers)).append(end ? "; " : " ");
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
