package dev.holdfast.gateway.http1;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker13;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * A WebSocket (RFC 6455) that carries one call. Each message of the client is one request message,
 * and an empty text message half-closes. Confined to its event loop.
 *
 * <p>A client that does not answer a PING before the next one is disconnected. So is a client that
 * does not complete a message within that time.
 */
final class WebSocket {
  @Limit(
      of = "bytes of one message of a WebSocket, and of one frame",
      then = "it is closed with 1009")
  static final int MESSAGE_BYTES = 4_194_304;

  @Limit(
      of = "time between two PINGs of a WebSocket, or half of limits.idle if that is less",
      then = "a client that did not answer the last one is cut off")
  static final Duration PING_TIME = Duration.ofSeconds(30);

  private static final int REASON_BYTES = 123;
  private static final int UNSUPPORTED = 1003;
  private static final int POLICY = 1008;
  private static final int TOO_BIG = 1009;
  private static final int TRY_LATER = 1013;

  private final Http1Connection connection;
  private final Http1Exchange exchange;
  private final Channel channel;
  private final boolean text;
  private final ScheduledFuture<?> pings;
  private final EmptyFrameLimit frames = new EmptyFrameLimit();
  private final FragmentedMessage fragments;
  private boolean begun;
  private boolean begunBeforePing;
  private boolean heard = true;
  private boolean closed;
  private long pendingBytes;
  private long progress;

  private WebSocket(
      Http1Connection connection, Http1Exchange exchange, boolean text, Duration pingTime) {
    this.connection = connection;
    this.exchange = exchange;
    this.channel = connection.channel();
    this.text = text;
    this.fragments = new FragmentedMessage(MESSAGE_BYTES, channel.alloc(), connection.memory());
    long nanos = pingTime.toNanos();
    this.pings =
        channel.eventLoop().scheduleWithFixedDelay(this::ping, nanos, nanos, TimeUnit.NANOSECONDS);
  }

  /** Whether the request asks for an upgrade to WebSocket. */
  static boolean isUpgradeRequest(HttpRequest request) {
    return request.method().equals(HttpMethod.GET)
        && request.protocolVersion().equals(HttpVersion.HTTP_1_1)
        && request
            .headers()
            .containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true)
        && request
            .headers()
            .containsValue(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true);
  }

  /** The problem of an upgrade request; "" for none. */
  static String upgradeFault(HttpRequest request) {
    String version = request.headers().get(HttpHeaderNames.SEC_WEBSOCKET_VERSION);
    if (!"13".equals(version)) {
      return "sec-websocket-version: " + version + " (expected: 13)";
    }
    if (request.headers().get(HttpHeaderNames.SEC_WEBSOCKET_KEY) == null) {
      return "sec-websocket-key: none (expected: one)";
    }
    if (HttpUtil.isTransferEncodingChunked(request) || HttpUtil.getContentLength(request, 0L) > 0) {
      return "body: before a WebSocket (expected: none)";
    }
    return "";
  }

  /** Answers the upgrade request, and replaces the HTTP codec with that of WebSocket. */
  static WebSocket begin(
      Http1Connection connection,
      Http1Exchange exchange,
      HttpRequest request,
      HttpHeaders headers,
      Duration idle) {
    String protocol = headers.get(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL, "");
    headers.remove(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL);
    WebSocketDecoderConfig config =
        WebSocketDecoderConfig.newBuilder()
            .maxFramePayloadLength(MESSAGE_BYTES)
            .allowExtensions(false)
            .expectMaskedFrames(true)
            .closeOnProtocolViolation(false)
            .build();
    DefaultFullHttpRequest whole =
        new DefaultFullHttpRequest(
            HttpVersion.HTTP_1_1,
            HttpMethod.GET,
            request.uri(),
            Unpooled.EMPTY_BUFFER,
            request.headers(),
            EmptyHttpHeaders.INSTANCE);
    var unused =
        new Handshake(protocol, config, connection.input())
            .handshake(connection.channel(), whole, headers, connection.channel().newPromise());
    Duration half = idle.dividedBy(2);
    Duration pingTime = half.compareTo(PING_TIME) < 0 ? half : PING_TIME;
    return new WebSocket(connection, exchange, protocol.endsWith("json"), pingTime);
  }

  boolean isOpen() {
    return !closed;
  }

  void onFrame(WebSocketFrame frame) {
    heard = true;
    if (frame instanceof CloseWebSocketFrame) {
      onClose();
    } else if (!closed && isEmptyFrame(frame) && frames.onEmpty(System.nanoTime())) {
      connection.loop().meters().met(MetLimit.PINGS);
      close(POLICY, "too many empty frames");
    } else if (closed || frame instanceof PongWebSocketFrame) {
      return;
    } else if (frame instanceof PingWebSocketFrame) {
      // Who reads nothing needs no answer, and gets no buffer for it either.
      if (connection.isWritable()) {
        connection.write(new PongWebSocketFrame(frame.content().retain()));
      }
    } else {
      onPart(frame);
    }
  }

  private static boolean isEmptyFrame(WebSocketFrame frame) {
    return frame instanceof PingWebSocketFrame
        || frame instanceof PongWebSocketFrame
        || (!frame.isFinalFragment() && !frame.content().isReadable());
  }

  private void onPart(WebSocketFrame frame) {
    ByteBuf content = frame.content();
    boolean first = !(frame instanceof ContinuationWebSocketFrame);
    boolean empty = first && frame.isFinalFragment() && !content.isReadable();
    if (empty && frame instanceof TextWebSocketFrame) {
      exchange.onMessage(Unpooled.EMPTY_BUFFER, true);
      return;
    }
    if (first && text != frame instanceof TextWebSocketFrame) {
      close(UNSUPPORTED, text ? "a binary message" : "a text message that is not empty");
      return;
    }
    if (first && frame.isFinalFragment()) {
      exchange.onMessage(content, false);
      return;
    }
    if (!fragments.add(content)) {
      connection.loop().meters().met(MetLimit.SOCKET_MESSAGE);
      close(TOO_BIG, "a message of more than " + MESSAGE_BYTES + " bytes");
      return;
    }
    begun = !frame.isFinalFragment();
    if (!begun) {
      begunBeforePing = false;
      ByteBuf message = fragments.take();
      try {
        exchange.onMessage(message, false);
      } finally {
        message.release();
      }
    }
  }

  /** Closes with 1013, because the gateway holds too much memory for the client. */
  void onOverload() {
    close(TRY_LATER, "the buffer limit of this client is exceeded");
  }

  void write(byte[] message) {
    if (!closed) {
      ByteBuf content = Unpooled.wrappedBuffer(message);
      connection.write(
          text ? new TextWebSocketFrame(content) : new BinaryWebSocketFrame(content),
          message.length);
    }
  }

  /** Sends a text message, whatever the messages of the call are. */
  void writeText(byte[] message) {
    if (!closed) {
      connection.write(new TextWebSocketFrame(Unpooled.wrappedBuffer(message)), message.length);
    }
  }

  /** The close code of a call's end: 1000 for OK, else 4000 plus the gRPC status. */
  static int code(GrpcStatusCode status) {
    return status == GrpcStatusCode.OK ? 1000 : 4000 + status.number();
  }

  /** Sends the last text message, then the close frame. */
  void end(byte[] last, int code, String reason) {
    if (!closed) {
      connection.write(new TextWebSocketFrame(Unpooled.wrappedBuffer(last)));
      sendClose(code, reason);
    }
  }

  /**
   * Closes after a frame that violates the protocol or is too large, with the code of the fault.
   */
  void onBadFrame(CorruptedWebSocketFrameException cause) {
    int code = cause.closeStatus().code();
    if (code == TOO_BIG && !closed) {
      connection.loop().meters().met(MetLimit.SOCKET_MESSAGE);
    }
    close(code, String.valueOf(cause.getMessage()));
  }

  /** Closes for a reason of the gateway's own, and cancels the call. */
  void close(int code, String reason) {
    if (!closed) {
      sendClose(code, reason);
      exchange.onGone();
    }
  }

  /** Releases buffers and timers when the WebSocket was closed or the connection was lost. */
  void onGone() {
    closed = true;
    fragments.release();
    pings.cancel(false);
  }

  private void sendClose(int code, String reason) {
    onGone();
    connection.write(new CloseWebSocketFrame(code, cut(reason)));
    connection.closeAfterLinger();
  }

  private void onClose() {
    if (!closed) {
      onGone();
      connection.write(new CloseWebSocketFrame(1000, ""));
      exchange.onGone();
      connection.onClosedByPeer();
    }
    connection.abort();
  }

  private void ping() {
    // Who is not read, since its upstream is slow, can't be heard; who reads slowly answers late.
    boolean read = channel.config().isAutoRead();
    long came = connection.input().progress();
    // Within a frame a client can't answer.
    heard |= came != progress;
    progress = came;
    long pending = SlowReaderWatchdog.left(channel);
    boolean reads = pending < pendingBytes;
    pendingBytes = pending;
    if (read && !reads && (!heard || begunBeforePing)) {
      connection.loop().meters().met(MetLimit.SOCKET_SILENT);
      connection.onSilent();
      exchange.onGone();
      connection.abort();
      return;
    }
    heard = !read;
    begunBeforePing = begun;
    connection.write(new PingWebSocketFrame());
  }

  /** A close reason cut to the room in a close frame, in UTF-8 without a partial character. */
  static String cut(String reason) {
    ByteBuffer room = ByteBuffer.allocate(REASON_BYTES);
    var unused = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(reason), room, true);
    return new String(room.array(), 0, room.position(), StandardCharsets.UTF_8);
  }

  /** Netty's handshaker, with a paced frame decoder. */
  private static final class Handshake extends WebSocketServerHandshaker13 {
    private final PacedInput input;

    Handshake(String protocols, WebSocketDecoderConfig config, PacedInput input) {
      super(null, protocols, config);
      this.input = input;
    }

    @Override
    protected WebSocketFrameDecoder newWebsocketDecoder() {
      return new PacedFrameDecoder(decoderConfig(), input);
    }
  }
}
