package dev.holdfast.bench.gateway;

import dev.holdfast.bench.load.ClientHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import io.netty.util.collection.IntObjectHashMap;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A client's HTTP/2 connection of {@link GrpcLoadProgram} for unary calls. Headers are encoded as
 * gRPC's libraries do it: each goes into the peer's dynamic table, Huffman-coded where that is
 * shorter. The client does no more than that, so that one core of it keeps a proxy busy. An answer
 * counts as correct when it has the expected number of bytes. Confined to its event loop.
 */
final class GrpcLoadConnection extends ByteToMessageDecoder {
  private static final int HEAD_BYTES = 9;
  private static final int TYPE_OFFSET = 3;
  private static final int FLAGS_OFFSET = 4;
  private static final int STREAM_OFFSET = 5;
  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int RST_STREAM = 3;
  private static final int SETTINGS = 4;
  private static final int PING = 6;
  private static final int GOAWAY = 7;
  private static final int WINDOW_UPDATE = 8;
  private static final int END_STREAM = 1;
  private static final int ACK = 1;
  private static final int END_HEADERS = 4;
  private static final int HEADER_TABLE_SIZE = 1;
  private static final int INITIAL_WINDOW_SIZE = 4;
  private static final int SETTING_BYTES = 6;
  private static final int FIRST_WINDOW = 65_535;
  private static final int STREAM_WINDOW = 4 << 20;
  private static final int CONNECTION_WINDOW = 16 << 20;
  private static final int BUFFER_BYTES = 4_096;
  private static final int MOST_STREAM = 0x7fff_0000;
  private static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final ClientHeaders headers;
  private final byte[] body;
  private final int answerBytes;
  private final Listener listener;
  private final Http2HeadersEncoder encoder =
      new DefaultHttp2HeadersEncoder(Http2HeadersEncoder.NEVER_SENSITIVE, true, 64, 0);
  private final IntObjectHashMap<Call> calls = new IntObjectHashMap<>();

  private @Nullable ChannelHandlerContext context;
  private @Nullable ByteBuf out;
  private boolean isReady;
  private int nextStream = 1;
  private int waiting;
  private long sendWindow = FIRST_WINDOW;
  private int received;

  /** A call in flight, with the bytes received so far. */
  private static final class Call {
    private final long sentNanos;
    private int bytes;

    Call(long sentNanos) {
      this.sentNanos = sentNanos;
    }
  }

  /** The owner of a connection, told on its event loop. */
  interface Listener {
    /** The server has said its settings. */
    void onReady();

    void onAnswered(GrpcLoadConnection connection, long nanos);

    void onFailed(String reason);
  }

  /**
   * @param body of each request, a whole gRPC message with its prefix
   * @param answerBytes of DATA in each true answer
   */
  GrpcLoadConnection(ClientHeaders headers, byte[] body, int answerBytes, Listener listener) {
    this.headers = headers;
    this.body = body;
    this.answerBytes = answerBytes;
    this.listener = listener;
  }

  /** Calls that were begun and are not over. */
  int underWay() {
    return calls.size() + waiting;
  }

  /** Begins a call, once the server's flow-control window has room for it. */
  void call() {
    waiting++;
    sendWaiting();
  }

  /** Writes the buffered frames to the socket. */
  void flush() {
    ByteBuf full = out;
    ChannelHandlerContext ctx = context;
    if (full != null && ctx != null) {
      out = null;
      var unused = ctx.writeAndFlush(full, ctx.voidPromise());
    }
  }

  void close() {
    ChannelHandlerContext ctx = context;
    context = null;
    if (ctx != null) {
      var unused = ctx.close();
    }
  }

  /** Begins the conversation; over TLS when that is agreed. */
  void begin(ChannelHandlerContext ctx) {
    context = ctx;
    open().writeBytes(PREFACE);
    head(SETTINGS, 0, 0, SETTING_BYTES).writeShort(INITIAL_WINDOW_SIZE).writeInt(STREAM_WINDOW);
    head(WINDOW_UPDATE, 0, 0, Integer.BYTES).writeInt(CONNECTION_WINDOW);
    flush();
  }

  @Override
  public void handlerRemoved0(ChannelHandlerContext ctx) {
    ByteBuf rest = out;
    out = null;
    if (rest != null) {
      rest.release();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    if (context != null) {
      context = null;
      listener.onFailed("a connection was closed with " + underWay() + " calls under way");
    }
    super.channelInactive(ctx);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    listener.onFailed(cause.toString());
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
    flush();
    super.channelReadComplete(ctx);
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> unused)
      throws Exception {
    while (in.readableBytes() >= HEAD_BYTES) {
      int at = in.readerIndex();
      int length = in.getUnsignedMedium(at);
      if (in.readableBytes() < HEAD_BYTES + length) {
        return;
      }
      int flags = in.getByte(at + FLAGS_OFFSET);
      onFrame(
          in.getByte(at + TYPE_OFFSET),
          flags,
          in.getInt(at + STREAM_OFFSET),
          in,
          at + HEAD_BYTES,
          length);
      in.skipBytes(HEAD_BYTES + length);
    }
  }

  private void onFrame(int type, int flags, int stream, ByteBuf in, int at, int length)
      throws Http2Exception {
    boolean acked = (flags & ACK) != 0;
    switch (type) {
      case DATA -> onData(stream, length, (flags & END_STREAM) != 0);
      case HEADERS -> {
        if ((flags & END_STREAM) != 0) {
          onEnd(stream);
        }
      }
      case SETTINGS -> {
        if (!acked) {
          onSettings(in, at, length);
        }
      }
      case PING -> {
        if (!acked) {
          head(PING, ACK, 0, length).writeBytes(in, at, length);
        }
      }
      case WINDOW_UPDATE -> {
        if (stream == 0) {
          sendWindow += in.getInt(at);
          sendWaiting();
        }
      }
      case RST_STREAM -> listener.onFailed("a call was reset: " + in.getInt(at));
      case GOAWAY -> listener.onFailed("told to leave: " + in.getInt(at + Integer.BYTES));
      default -> {
        // Continuations and informational frames tell nothing that counts.
      }
    }
  }

  private void onSettings(ByteBuf in, int at, int length) throws Http2Exception {
    for (int i = at; i < at + length; i += SETTING_BYTES) {
      if (in.getUnsignedShort(i) == HEADER_TABLE_SIZE) {
        encoder.configuration().maxHeaderTableSize(in.getUnsignedInt(i + Short.BYTES));
      }
    }
    head(SETTINGS, ACK, 0, 0);
    if (!isReady) {
      isReady = true;
      listener.onReady();
    }
  }

  private void onData(int stream, int length, boolean end) {
    Call call = calls.get(stream);
    if (call != null) {
      call.bytes += length;
    }
    received += length;
    if (received > CONNECTION_WINDOW / 2) {
      head(WINDOW_UPDATE, 0, 0, Integer.BYTES).writeInt(received);
      received = 0;
    }
    if (end) {
      onEnd(stream);
    }
  }

  private void onEnd(int stream) {
    Call call = calls.remove(stream);
    if (call == null) {
      listener.onFailed("an answer that nobody asked for");
    } else if (call.bytes != answerBytes) {
      listener.onFailed(
          "bytes of an answer: "
              + call.bytes
              + " (expected: "
              + answerBytes
              + ") after "
              + (System.nanoTime() - call.sentNanos) / 1_000_000
              + " ms");
    } else {
      listener.onAnswered(this, System.nanoTime() - call.sentNanos);
    }
  }

  private void sendWaiting() {
    while (waiting > 0 && sendWindow >= body.length && context != null) {
      waiting--;
      send();
    }
  }

  private void send() {
    if (nextStream > MOST_STREAM) {
      throw new IllegalStateException("a connection has no more streams");
    }
    int stream = nextStream;
    nextStream += 2;
    calls.put(stream, new Call(System.nanoTime()));
    ByteBuf buffer = open();
    int at = buffer.writerIndex();
    buffer.writeZero(HEAD_BYTES);
    try {
      encoder.encodeHeaders(stream, headers.next(), buffer);
    } catch (Http2Exception e) {
      throw new IllegalStateException(e);
    }
    buffer.setMedium(at, buffer.writerIndex() - at - HEAD_BYTES);
    buffer.setByte(at + TYPE_OFFSET, HEADERS);
    buffer.setByte(at + FLAGS_OFFSET, END_HEADERS);
    buffer.setInt(at + STREAM_OFFSET, stream);
    head(DATA, END_STREAM, stream, body.length).writeBytes(body);
    sendWindow -= body.length;
  }

  /** A frame, of which the payload must follow. */
  private ByteBuf head(int type, int flags, int stream, int length) {
    return open()
        .ensureWritable(HEAD_BYTES + length)
        .writeMedium(length)
        .writeByte(type)
        .writeByte(flags)
        .writeInt(stream);
  }

  private ByteBuf open() {
    ByteBuf open = out;
    if (open == null) {
      ChannelHandlerContext ctx = context;
      if (ctx == null) {
        throw new IllegalStateException("not connected");
      }
      open = ctx.alloc().directBuffer(BUFFER_BYTES);
      out = open;
    }
    return open;
  }
}
