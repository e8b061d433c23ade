package dev.holdfast.gateway.http1;

import dev.holdfast.core.Limit;
import dev.holdfast.gateway.http2.Client;
import dev.holdfast.gateway.http2.ClientConnection;
import dev.holdfast.gateway.http2.ForwardingLoop;
import dev.holdfast.gateway.http2.LingeringClose;
import dev.holdfast.gateway.http2.WebFace;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.limits.MetLimit;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
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
 * A connection of HTTP/1.1: one request after the other, kept alive between them. On its event loop
 * only.
 *
 * <p>A further request waits as bytes until the answer before it is written, and until most of what
 * is written was taken. It never begins within the end of the one before it, which may be an event
 * of an upstream's connection, but in a turn of its own.
 */
final class Http1Connection extends ChannelInboundHandlerAdapter
    implements ClientConnection, PacedInput.Reader, UnreadAnswers.Client {
  @Limit(of = "bytes of the request line over HTTP/1.1", then = "the request is answered with 414")
  static final int REQUEST_LINE_BYTES = 8_192;

  @Limit(
      of = "time that a client has to answer the last frame of its WebSocket",
      then = "the connection is closed")
  static final Duration LINGER = Duration.ofSeconds(1);

  private static final int CHUNK_BYTES = 16_384;

  private final ForwardingLoop loop;
  private final WebFace face;
  private final GatewayLimits limits;
  private final ChannelHandlerContext ctx;
  private final Client client;
  private final PacedInput input;
  private final AnswerEncoder encoder = new AnswerEncoder();
  private final UnreadAnswers unread;
  private final AnswerOutput output;
  private final ConnectionBytes bytes;
  private final RequestTimers timers;
  private @Nullable Http1Exchange current;
  private boolean leaving;
  private boolean fresh = true;
  private boolean deaf;

  private Http1Connection(
      Channel channel, ForwardingLoop loop, WebFace face, GatewayLimits limits) {
    this.loop = loop;
    this.face = face;
    this.limits = limits;
    this.client = Client.of(channel);
    this.bytes =
        new ConnectionBytes(loop.memory().account(limits.connectionBytes(), this::endCall));
    HttpDecoderConfig config =
        new HttpDecoderConfig()
            .setMaxInitialLineLength(REQUEST_LINE_BYTES)
            .setMaxHeaderSize(limits.headerListBytes())
            .setStrictLineParsing(true)
            .setHeadersFactory(Http1Syntax.HEADERS)
            .setMaxChunkSize(CHUNK_BYTES);
    this.input = new PacedInput(channel, this);
    this.unread = new UnreadAnswers(channel, limits, this);
    this.timers = new RequestTimers(channel.eventLoop(), limits, this::onSlowPart, this::onIdle);
    channel
        .pipeline()
        .addLast(new PacedRequestDecoder(config, input))
        .addLast(encoder)
        .addLast(this);
    this.ctx = channel.pipeline().context(this);
    this.output = new AnswerOutput(ctx, bytes, unread, this::onRoom);
  }

  /** Takes a channel over, from its first byte on. */
  static void install(Channel channel, ForwardingLoop loop, WebFace face, GatewayLimits limits) {
    Http1Connection connection = new Http1Connection(channel, loop, face, limits);
    loop.add(connection);
    connection.timers.onIdle();
  }

  @Override
  public Channel channel() {
    return ctx.channel();
  }

  @Override
  public void leave(String why, long acknowledgeNanos) {
    leaving = true;
    // Whoever has only just come may be told to go with the answer to what was asked.
    if (current == null && !fresh && !input.isHeld()) {
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

  Client client() {
    return client;
  }

  WebFace face() {
    return face;
  }

  PacedInput input() {
    return input;
  }

  /** Whether it is over TLS. */
  boolean isSecure() {
    return ctx.pipeline().get(SslHandler.class) != null;
  }

  boolean isLeaving() {
    return leaving;
  }

  /** Pays for all that is held for its client. */
  MemoryAccount memory() {
    return bytes.account();
  }

  boolean isWritable() {
    return output.isWritable();
  }

  /** Whether parts of answers wait to be sent. */
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
    if (!(message instanceof HttpObject part) || deaf) {
      ReferenceCountUtil.release(message);
      return;
    }
    take(part);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    bytes.hold(input.bufferBytes());
    refreshReading();
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
      input.goOn();
    } else {
      exchange.onWritable();
    }
  }

  @Override
  public boolean mayTake() {
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
    close();
  }

  /** A part of an answer, or a frame of a WebSocket. */
  void write(Object part) {
    output.write(part);
  }

  /**
   * As above.
   *
   * @param size of the part in bytes, which are held until the client takes them
   */
  void write(Object part, int size) {
    output.write(part, size);
  }

  /** Bytes of the request are processed from now on. */
  void keep(int more) {
    bytes.keep(more);
    refreshReading();
  }

  void giveBack(int done) {
    bytes.keep(-done);
    refreshReading();
  }

  /** An exchange has its answer: the next one, or the end. */
  void onAnswered(boolean reusable, boolean requestEnded) {
    if (!requestEnded || !reusable || leaving) {
      closeWhenWritten();
    } else {
      current = null;
      timers.onIdle();
      input.goOn();
    }
  }

  /**
   * See {@link MemoryAccount.Holder}: there is one call at a time. A client that reads nothing
   * can't be told.
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

  /** Closes at once, also where TLS would wait for a client that reads nothing. */
  private void cut() {
    Http1Exchange exchange = current;
    current = null;
    if (exchange != null) {
      exchange.onGone();
    }
    channel().unsafe().close(channel().unsafe().voidPromise());
  }

  /** Ends everything at once, so that nobody takes what was sent for all. */
  void breakOff() {
    output.flush();
    close();
  }

  /** The other side has its last frame and some time to answer it. */
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
        encoder.answers(request.method());
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
   * Ends the connection behind what is written, which a slow reader has yet to take. What the
   * client still sends is thrown away: a reset for it would cost the client the rest of its answer.
   */
  private void closeWhenWritten() {
    endInput();
    output.whenWritten(() -> LingeringClose.begin(ctx, limits.handshake()));
  }

  private void endInput() {
    deaf = true;
    current = null;
    timers.cancel();
    input.discard();
    refreshReading();
  }

  private void onSlowPart() {
    loop.meters().met(current == null ? MetLimit.HANDSHAKE : MetLimit.SLOW_FRAME);
    close();
  }

  @Override
  public UnreadAnswers.Wants wants() {
    Http1Exchange exchange = current;
    if (exchange == null) {
      return input.isHeld() ? UnreadAnswers.Wants.MORE : UnreadAnswers.Wants.REST;
    }
    return exchange.isOpenSocket() ? UnreadAnswers.Wants.SOCKET : UnreadAnswers.Wants.REST;
  }

  @Override
  public void onUnread() {
    loop.meters().met(MetLimit.UNREAD);
    cut();
  }

  private void onIdle() {
    loop.meters().met(MetLimit.IDLE);
    close();
  }

  @Override
  public void refreshReading() {
    boolean wanted = deaf || (!input.isHeld() && !bytes.isFullOfInput());
    if (channel().config().isAutoRead() != wanted) {
      channel().config().setAutoRead(wanted);
      watchPart();
    }
  }

  /** A client whose input is not read can't end what it began. */
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
