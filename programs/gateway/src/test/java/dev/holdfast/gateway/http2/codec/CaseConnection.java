package dev.holdfast.gateway.http2.codec;

import static dev.holdfast.gateway.http2.codec.CaseFrames.END_STREAM;
import static dev.holdfast.gateway.http2.codec.CaseFrames.NONE;

import dev.holdfast.gateway.headers.ReceivedHeaders;
import dev.holdfast.gateway.headers.RequestValidator;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMemory;
import dev.holdfast.gateway.limits.GatewayMeters;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A connection with the codec of this process in either role, with a record of what it passes on
 * and what it sends. DATA is never given back, so that the windows of streams stay used.
 */
final class CaseConnection implements AutoCloseable {
  static final int STREAMS = 2;

  /** The window of a stream, in both directions, and what a peer grants the connection. */
  static final int WINDOW_BYTES = 65_535;

  /** The path of a request that is answered at once, with {@link #ANSWER_BYTES} bytes. */
  static final String ANSWERED_PATH = "/answered";

  static final int ANSWER_BYTES = 10;

  private static final int REQUESTS = 3;

  private static final GatewayLimits LIMITS =
      new GatewayLimits(
          STREAMS,
          1_024,
          WINDOW_BYTES,
          4 * WINDOW_BYTES,
          GatewayLimits.HANDSHAKE,
          GatewayLimits.IDLE);

  /** The way in which bytes come. */
  enum Feeding {
    WHOLE,
    BYTE_BY_BYTE,
    /** As a socket hands them over past the pipeline. */
    PAST_PIPELINE,
    /** As a whole, after the header blocks came once: the codec knows them again. */
    REPEATED
  }

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final List<String> seen = new ArrayList<>();
  private final List<String> sent = new ArrayList<>();
  private final Map<Integer, Integer> sentBytes = new HashMap<>();
  private final DefaultHttp2FrameReader reader = new DefaultHttp2FrameReader(new Blocks());
  private final ByteBuf unread = Unpooled.buffer();
  private final boolean server;
  private final Feeding feeding;
  private final FrameConnection codec;
  private final ChannelHandlerContext context;
  private boolean prefaceRead;
  private byte[] sentBlock = {};

  CaseConnection(boolean server, Feeding feeding) throws Http2Exception {
    this.server = server;
    this.feeding = feeding;
    prefaceRead = server;
    reader
        .configuration()
        .frameSizePolicy()
        .maxFrameSize(Http2CodecUtil.MAX_FRAME_SIZE_UPPER_BOUND);
    codec = connection(server ? Http2Codec.accepted(LIMITS) : Http2Codec.dialed(LIMITS));
    channel.pipeline().addLast(codec);
    context = channel.pipeline().lastContext();
    readSent();
  }

  private FrameConnection connection(Http2Codec http2) {
    LoopResources loopResources =
        new LoopResources(
            channel.eventLoop(),
            new GatewayMeters(new SimpleMeterRegistry()),
            GatewayMemory.ofProcess().part(Runnable::run));
    FrameConnection connection =
        new FrameConnection(http2, loopResources, LIMITS.connectionBytes()) {
          @Override
          protected boolean judgesLateFrames() {
            return server;
          }
        };
    connection.listen(new Passed());
    http2.connection().remote().maxActiveStreams(STREAMS);
    return connection;
  }

  /** Brings the connection to the state of a case, and forgets the events on the way. */
  void enter(CodecCase each) throws Exception {
    int id = CodecCase.STREAM;
    CaseState state = each.state();
    if (state == CaseState.NEW) {
      forget();
      return;
    }
    if (server) {
      ByteBuf preface = Http2CodecUtil.connectionPrefaceBuf();
      channel.writeInbound(preface);
    }
    feed(CaseFrames.settings());
    if (feeding == Feeding.REPEATED) {
      HeaderBlocks.repeatedOf(each).ifPresent(this::warm);
    }
    if (state != CaseState.IDLE) {
      open(id, state);
    }
    readSent();
    forget();
  }

  /** Has headers come on a stream of their own, trailers, and its reset. */
  private void warm(byte[] block) {
    try {
      if (!server) {
        codec.openLocal(1);
        send(1, new DefaultHttp2Headers().method("POST").scheme("http").path("/"), false);
      }
      feed(CaseFrames.headers(1, NONE, block));
      feed(CaseFrames.headers(1, END_STREAM, HeaderBlocks.TRAILERS));
      feed(CaseFrames.reset(1, Http2Error.CANCEL.code()));
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private void open(int id, CaseState state) throws Exception {
    boolean endsThere = state == CaseState.HALF_CLOSED_REMOTE || state == CaseState.ENDED;
    boolean endsHere = state == CaseState.HALF_CLOSED_LOCAL || state == CaseState.ENDED;
    int flags = endsThere ? END_STREAM : NONE;
    if (server) {
      feed(CaseFrames.headers(id, flags, CaseFrames.request()));
    } else {
      // More requests, whose responses the case may tell of.
      for (int each = id; each < id + 2 * REQUESTS; each += 2) {
        codec.openLocal(each);
        send(each, new DefaultHttp2Headers().method("POST").scheme("http").path("/"), endsHere);
      }
    }
    if (state == CaseState.REQUESTED) {
      return;
    }
    if (server) {
      send(id, new DefaultHttp2Headers().status("200"), endsHere);
    } else {
      feed(CaseFrames.headers(id, flags, CaseFrames.response()));
    }
    if (state == CaseState.RESET_BY_PEER) {
      feed(CaseFrames.reset(id, Http2Error.CANCEL.code()));
    } else if (state == CaseState.RESET_HERE) {
      codec.reset(id, Http2Error.CANCEL.code());
    } else if (state == CaseState.SENDING) {
      send(id, 2 * WINDOW_BYTES);
    }
  }

  private void send(int id, Http2Headers headers, boolean end) {
    codec.send(stream(id), headers, end, null);
    readSent();
  }

  private void send(int id, int bytes) {
    ByteBuf data = Unpooled.buffer(bytes).writeZero(bytes);
    codec.send(stream(id), data, true, null);
    data.release();
    readSent();
  }

  private CallStream stream(int id) {
    CallStream stream = codec.stream(id);
    if (stream == null) {
      throw new IllegalStateException("stream " + id + " is not open");
    }
    return stream;
  }

  /** Bytes of the peer come. */
  void feed(byte[] bytes) throws Exception {
    if (feeding == Feeding.BYTE_BY_BYTE) {
      for (byte each : bytes) {
        read(new byte[] {each});
      }
    } else {
      read(bytes);
    }
  }

  private void read(byte[] bytes) throws Exception {
    if (!channel.isActive()) {
      return;
    }
    ByteBuf read = Unpooled.copiedBuffer(bytes);
    if (feeding == Feeding.PAST_PIPELINE && !codec.hasPartOfFrame()) {
      codec.onBytes(read);
      codec.onReadComplete();
      read.release();
    } else {
      channel.writeInbound(read);
    }
    readSent();
  }

  /** The events since {@link #enter}: first what was seen, then what was sent. */
  String events() {
    List<String> events = new ArrayList<>(seen);
    events.addAll(sent);
    return String.join(" | ", events);
  }

  /** The header block that was sent last; empty before the first. */
  byte[] sentBlock() {
    return sentBlock;
  }

  boolean isOpen() {
    return channel.isActive();
  }

  void forget() {
    seen.clear();
    sent.clear();
    sentBytes.clear();
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
      reader.readFrame(context, unread, new Sent());
    } catch (Http2Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static String text(Http2Headers headers) {
    StringBuilder text = new StringBuilder();
    headers.forEach(
        field -> text.append(' ').append(field.getKey()).append('=').append(field.getValue()));
    return text.toString();
  }

  private static String name(long code) {
    Http2Error error = Http2Error.valueOf(code);
    return error == null ? Long.toString(code) : error.name();
  }

  /** Records what the codec passes on. */
  private final class Passed extends CallFrameListener {
    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx, int id, Http2Headers headers, int padding, boolean end) {
      String fault = fault(headers, end);
      String what = fault == null ? "HEADERS " + id + text(headers) : id + ": " + fault;
      seen.add("seen " + what + (end ? " end" : ""));
      CharSequence path = headers.path();
      if (server && path != null && ANSWERED_PATH.contentEquals(path)) {
        codec.send(stream(id), new DefaultHttp2Headers().status("200"), false, null);
        ByteBuf data = Unpooled.copiedBuffer("0123456789", StandardCharsets.US_ASCII);
        codec.send(stream(id), data, true, null);
        data.release();
      }
    }

    /** Frames of DATA that follow each other are one event: their boundaries mean nothing. */
    private void addSeen(String what, String text, boolean end) {
      int last = seen.size() - 1;
      String before = last < 0 ? "" : seen.get(last);
      if (before.startsWith(what) && !before.endsWith(" end")) {
        seen.remove(last);
        seen.add(before + text + (end ? " end" : ""));
      } else {
        seen.add(what + text + (end ? " end" : ""));
      }
    }

    /** The fault that a call finds in headers that the codec passed on. */
    private @Nullable String fault(Http2Headers headers, boolean end) {
      if (server) {
        return headers.method() == null ? null : new RequestValidator().fault(headers);
      }
      boolean malformed =
          headers.status() != null && ReceivedHeaders.facts(headers, end).malformed();
      return malformed ? "malformed response" : null;
    }

    @Override
    public int onDataRead(
        ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean end) {
      int length = data.readableBytes();
      String text = length > 20 ? "+" + length : data.toString(StandardCharsets.US_ASCII);
      addSeen("seen DATA " + id + " ", text, end);
      return 0;
    }

    @Override
    public void onRstStreamRead(ChannelHandlerContext ctx, int id, long code) {
      seen.add("seen RST_STREAM " + id + " " + name(code));
    }

    @Override
    public void onStreamClosed(CallStream stream) {}

    @Override
    public void onPingAckRead(ChannelHandlerContext ctx, long data) {
      seen.add("seen PING ack");
    }

    @Override
    public void onGoAwayRead(ChannelHandlerContext ctx, int last, long code, ByteBuf debugData) {
      seen.add("seen GOAWAY " + name(code) + " after " + last);
    }

    @Override
    public void onPushPromiseRead(
        ChannelHandlerContext ctx, int id, int promised, Http2Headers headers, int padding) {
      seen.add("seen PUSH_PROMISE " + id);
    }
  }

  /** Keeps the last header block that the peer is sent. */
  private final class Blocks extends DefaultHttp2HeadersDecoder {
    @Override
    public Http2Headers decodeHeaders(int id, ByteBuf block) throws Http2Exception {
      sentBlock = ByteBufUtil.getBytes(block);
      return super.decodeHeaders(id, block);
    }
  }

  /** Records what the peer is sent. */
  private final class Sent extends Http2FrameAdapter {
    @Override
    public int onDataRead(
        ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean end) {
      int before = sentBytes.getOrDefault(id, 0);
      sent.remove("sent DATA " + id + " " + before);
      sentBytes.put(id, before + data.readableBytes());
      sent.add("sent DATA " + id + " " + sentBytes.get(id) + (end ? " end" : ""));
      return data.readableBytes() + padding;
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx, int id, Http2Headers headers, int padding, boolean end) {
      sent.add("sent HEADERS " + id + (end ? " end" : ""));
    }

    @Override
    public void onRstStreamRead(ChannelHandlerContext ctx, int id, long code) {
      sent.add("sent RST_STREAM " + id + " " + name(code));
    }

    @Override
    public void onPingAckRead(ChannelHandlerContext ctx, long data) {
      sent.add("sent PING ack " + data);
    }

    @Override
    public void onSettingsAckRead(ChannelHandlerContext ctx) {
      sent.add("sent SETTINGS ack");
    }

    @Override
    public void onWindowUpdateRead(ChannelHandlerContext ctx, int id, int increment) {
      sent.add("sent WINDOW_UPDATE " + id + " " + increment);
    }

    @Override
    public void onGoAwayRead(ChannelHandlerContext ctx, int last, long code, ByteBuf debugData) {
      sent.add("sent GOAWAY " + name(code));
    }
  }
}
