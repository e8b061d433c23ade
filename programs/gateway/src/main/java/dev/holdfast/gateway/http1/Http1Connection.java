package dev.holdfast.gateway.http1;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.call.Frontend;
import dev.holdfast.gateway.headers.ClientIdentity;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.gateway.loop.ClientConnection;
import dev.holdfast.gateway.loop.ClientConnectionReporter;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.socket.LingeringClose;
import dev.holdfast.gateway.traffic.ConnectionProtocol;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A server-side HTTP/1.1 connection with keep-alive, one request at a time. Confined to its event
 * loop.
 *
 * <p>A pipelined request stays undecoded until the response before it is written and the client has
 * taken most of the output. It is decoded in an event-loop task of its own, never within the event
 * that ends the exchange before it. That event may be one of an upstream connection.
 */
public final class Http1Connection extends ChannelInboundHandlerAdapter
    implements ClientConnection, PacedInput.PartConsumer, SlowReaderWatchdog.WatchedClient {
  @Limit(of = "bytes of the request line over HTTP/1.1", then = "the request is answered with 414")
  static final int REQUEST_LINE_BYTES = 8_192;

  @Limit(
      of = "time that a client has to answer the last frame of its WebSocket",
      then = "the connection is closed")
  static final Duration LINGER = Duration.ofSeconds(1);

  private static final int CHUNK_BYTES = 16_384;

  private final ForwardingLoop loop;
  private final Frontend frontend;
  private final GatewayLimits limits;
  private final ChannelHandlerContext ctx;
  private final ClientIdentity clientIdentity;
  private final ClientConnectionReporter reporter;
  private final PacedInput input;
  private final Http1ResponseEncoder encoder = new Http1ResponseEncoder();
  private final SlowReaderWatchdog unread;
  private final Http1ResponseWriter output;
  private final ConnectionBufferAccount bytes;
  private final RequestTimers timers;
  private @Nullable Http1Exchange current;
  private boolean leaving;
  private boolean fresh = true;
  private boolean discardsInput;

  private Http1Connection(
      Channel channel, ForwardingLoop loop, Frontend frontend, GatewayLimits limits) {
    this.loop = loop;
    this.frontend = frontend;
    this.limits = limits;
    this.clientIdentity = ClientIdentity.of(channel);
    this.reporter = loop.reporterOf(ConnectionProtocol.HTTP1, channel);
    this.bytes =
        new ConnectionBufferAccount(loop.memory().account(limits.connectionBytes(), this::endCall));
    HttpDecoderConfig config =
        new HttpDecoderConfig()
            .setMaxInitialLineLength(REQUEST_LINE_BYTES)
            .setMaxHeaderSize(limits.headerListBytes())
            .setStrictLineParsing(true)
            .setHeadersFactory(Http1Syntax.HEADERS)
            .setMaxChunkSize(CHUNK_BYTES);
    this.input = new PacedInput(channel, this);
    this.unread = new SlowReaderWatchdog(channel, limits, this);
    this.timers = new RequestTimers(channel.eventLoop(), limits, this::onSlowPart, this::onIdle);
    channel
        .pipeline()
        .addLast(reporter)
        .addLast(new PacedRequestDecoder(config, input))
        .addLast(encoder)
        .addLast(this);
    this.ctx = channel.pipeline().context(this);
    this.output = new Http1ResponseWriter(ctx, bytes, unread, this::onRoom);
  }

  /** Adds the HTTP/1.1 codec and this handler to a channel that has read nothing yet. */
  public static void install(
      Channel channel, ForwardingLoop loop, Frontend frontend, GatewayLimits limits) {
    Http1Connection connection = new Http1Connection(channel, loop, frontend, limits);
    loop.add(connection);
    connection.timers.onIdle();
  }

  @Override
  public Channel channel() {
    return ctx.channel();
  }

  @Override
  public void drain(String why, long acknowledgeNanos) {
    leaving = true;
    // A connection that has just opened may be told to close with its first response.
    if (current == null && !fresh && !input.isPaused()) {
      closeWhenWritten();
    }
  }

  @Override
  public void endCalls(boolean streamsToo) {
    Http1Exchange exchange = current;
    if (exchange != null && (streamsToo || exchange.awaitsAnswer())) {
      exchange.onLeave();
    }
  }

  ForwardingLoop loop() {
    return loop;
  }

  ClientIdentity clientIdentity() {
    return clientIdentity;
  }

  Frontend frontend() {
    return frontend;
  }

  PacedInput input() {
    return input;
  }

  /** Whether the connection uses TLS. */
  boolean isSecure() {
    return ctx.pipeline().get(SslHandler.class) != null;
  }

  boolean isLeaving() {
    return leaving;
  }

  /** The memory account that is charged for all that is held for the client. */
  MemoryAccount memory() {
    return bytes.account();
  }

  boolean isWritable() {
    return output.isWritable();
  }

  /** Whether parts of responses wait to be sent. */
  boolean isUnsent() {
    return bytes.isUnsent();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (message instanceof WebSocketFrame frame) {
      Http1Exchange taker = current;
      try {
        if (taker != null) {
          taker.onFrame(frame);
        }
      } finally {
        frame.release();
      }
      return;
    }
    if (!(message instanceof HttpObject part) || discardsInput) {
      ReferenceCountUtil.release(message);
      return;
    }
    take(part);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    bytes.hold(input.bufferBytes());
    updateAutoRead();
    watchPart();
    context.fireChannelReadComplete();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    output.onWritabilityChanged();
  }

  private void onRoom() {
    Http1Exchange exchange = current;
    if (exchange == null) {
      input.resumeLater();
    } else {
      exchange.onWritable();
    }
  }

  @Override
  public boolean acceptsPart() {
    Http1Exchange exchange = current;
    if (exchange == null) {
      return isWritable() && channel().isActive();
    }
    return exchange.isSocket() || !exchange.isRequestEnded();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    timers.cancel();
    unread.end();
    bytes.hold(0);
    Http1Exchange exchange = current;
    current = null;
    if (exchange != null) {
      exchange.onGone();
    }
    context.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    Http1Exchange exchange = current;
    if (cause instanceof CorruptedWebSocketFrameException bad
        && exchange != null
        && exchange.onBadFrame(bad)) {
      return;
    }
    // Where the socket failed channelInactive tells whom it concerns.
    loop.meters().faults().onClosed(cause);
    reporter.onFailure(cause);
    close();
  }

  /** Writes a part of a response, or a WebSocket frame, whose bytes are not counted. */
  void write(Object part) {
    output.write(part);
  }

  /**
   * Writes a part of a response and counts its bytes until they are written to the socket.
   *
   * @param size of the part in bytes
   */
  void write(Object part, int size) {
    output.write(part, size);
  }

  /** Charges request bytes that are being processed; reading stops while too many are. */
  void keep(int more) {
    bytes.keep(more);
    updateAutoRead();
  }

  void giveBack(int done) {
    bytes.keep(-done);
    updateAutoRead();
  }

  /**
   * Handles the end of a response: continues with the next request, or closes the connection.
   *
   * @param reusable whether keep-alive permits another request
   * @param requestEnded whether the request was read to its end
   */
  void onAnswered(boolean reusable, boolean requestEnded) {
    if (!requestEnded || !reusable || leaving) {
      closeWhenWritten();
    } else {
      current = null;
      timers.onIdle();
      input.resumeLater();
    }
  }

  /**
   * Frees memory by ending the call; see {@link MemoryAccount.AccountOwner}. There is one call at a
   * time. Without a local reply the connection is closed.
   */
  private void endCall(MetLimit why) {
    if (why == MetLimit.CONNECTION_BYTES) {
      return;
    }
    loop.meters().met(why);
    Http1Exchange exchange = current;
    if (exchange == null || !exchange.onOverload()) {
      cut();
    }
  }

  /** Closes at once, without the TLS close that would wait for a client that reads nothing. */
  private void cut() {
    reporter.onEnding(CloseReason.CLOSED_HERE);
    Http1Exchange exchange = current;
    current = null;
    if (exchange != null) {
      exchange.onGone();
    }
    channel().unsafe().close(channel().unsafe().voidPromise());
  }

  /**
   * Flushes and closes in the middle of a response, so that the client can't take the response for
   * complete.
   */
  void abort() {
    output.flush();
    close();
  }

  /** Reports that the connection is a WebSocket from now on. */
  void onWebSocket() {
    reporter.onWebSocket();
  }

  /** Records that a WebSocket ends because its client is silent. */
  void onSilent() {
    reporter.onEnding(CloseReason.PEER_SILENT);
  }

  /** Records that the client has closed its WebSocket. */
  void onClosedByPeer() {
    reporter.onEnding(CloseReason.CLOSED_BY_PEER);
  }

  /** Closes when the last frame is written and the client has had {@link #LINGER} to answer it. */
  void closeAfterLinger() {
    output.whenWritten(this::closeLater);
  }

  GatewayLimits limits() {
    return limits;
  }

  private void take(HttpObject part) {
    try {
      Http1Exchange exchange = current;
      if (part instanceof HttpRequest request) {
        timers.cancel();
        encoder.onRequest(request.method());
        reporter.onRequest(request.headers().get(HttpHeaderNames.USER_AGENT));
        Http1Exchange next = new Http1Exchange(this, request);
        current = next;
        fresh = false;
        next.begin(request);
      } else if (exchange != null && part instanceof HttpContent content) {
        exchange.onContent(content);
      }
    } finally {
      ReferenceCountUtil.release(part);
    }
  }

  /**
   * Closes the connection behind the written responses, which a slow reader may still have to take.
   * Further input is discarded, because a TCP reset would cost the client the rest of its response.
   */
  private void closeWhenWritten() {
    endInput();
    reporter.onEnding(CloseReason.CLOSED_HERE);
    output.whenWritten(() -> LingeringClose.begin(ctx, limits.handshake()));
  }

  private void endInput() {
    discardsInput = true;
    current = null;
    timers.cancel();
    input.discard();
    updateAutoRead();
  }

  private void onSlowPart() {
    loop.meters().met(current == null ? MetLimit.HANDSHAKE : MetLimit.SLOW_FRAME);
    close();
  }

  @Override
  public SlowReaderWatchdog.AwaitedOutput awaitedOutput() {
    Http1Exchange exchange = current;
    if (exchange == null) {
      return input.isPaused()
          ? SlowReaderWatchdog.AwaitedOutput.NEXT_RESPONSE
          : SlowReaderWatchdog.AwaitedOutput.REST_OF_RESPONSE;
    }
    return exchange.isOpenSocket()
        ? SlowReaderWatchdog.AwaitedOutput.WEBSOCKET_MESSAGE
        : SlowReaderWatchdog.AwaitedOutput.REST_OF_RESPONSE;
  }

  @Override
  public void onUnread() {
    loop.meters().met(MetLimit.UNREAD);
    cut();
  }

  private void onIdle() {
    loop.meters().met(MetLimit.IDLE);
    reporter.onEnding(CloseReason.MAX_IDLE);
    close();
  }

  @Override
  public void updateAutoRead() {
    boolean wanted = discardsInput || (!input.isPaused() && !bytes.isFullOfInput());
    if (channel().config().isAutoRead() != wanted) {
      channel().config().setAutoRead(wanted);
      watchPart();
    }
  }

  /**
   * Updates the timer of an unfinished part. It stops while the input is not read, because the
   * client can't finish the part then.
   */
  private void watchPart() {
    boolean read = channel().config().isAutoRead();
    timers.onInput(read && input.isWithinPart(), input.progress());
  }

  private void closeLater() {
    var unused = ctx.executor().schedule(this::close, LINGER.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void close() {
    var unused = ctx.close();
  }
}
