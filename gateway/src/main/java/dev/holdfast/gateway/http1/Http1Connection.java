package dev.holdfast.gateway.http1;

import dev.holdfast.core.Limit;
import dev.holdfast.gateway.http2.Client;
import dev.holdfast.gateway.http2.ClientConnection;
import dev.holdfast.gateway.http2.ForwardingLoop;
import dev.holdfast.gateway.http2.WebFace;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.limits.MetLimit;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A connection of HTTP/1.1: one request after the other, kept alive between them. On its event loop
 * only.
 */
final class Http1Connection extends ChannelInboundHandlerAdapter implements ClientConnection {
  @Limit(of = "bytes of the request line over HTTP/1.1", then = "the request is answered with 414")
  static final int REQUEST_LINE_BYTES = 8_192;

  @Limit(
      of = "parts of later requests that a client of HTTP/1.1 sends before it has its answer",
      then = "it is not read until the answer is out")
  static final int MAX_PIPELINED = 16;

  @Limit(
      of = "bytes of a request over HTTP/1.1 that wait to be processed",
      then = "its client is not read until they are")
  static final int KEPT_BYTES = 262_144;

  @Limit(
      of = "bytes of an answer over HTTP/1.1 that wait for a slow client",
      then = "its upstream waits")
  static final int UNSENT_BYTES = 262_144;

  @Limit(
      of = "time for which the rest of a request is read that has its answer already",
      then = "the connection is closed")
  static final Duration LINGER = Duration.ofSeconds(1);

  private static final int CHUNK_BYTES = 16_384;

  private final ForwardingLoop loop;
  private final WebFace face;
  private final GatewayLimits limits;
  private final ChannelHandlerContext ctx;
  private final Client client;
  private final MemoryAccount memory;
  private final UnsentBytes unsent;
  private final ArrayDeque<HttpObject> pipelined = new ArrayDeque<>(0);
  private @Nullable Http1Exchange current;
  private @Nullable ScheduledFuture<?> headTimer;
  private @Nullable ScheduledFuture<?> idleTimer;
  private boolean flushWanted;
  private boolean leaving;
  private boolean fresh = true;
  private boolean deaf;
  private int keptBytes;

  private Http1Connection(
      Channel channel, ForwardingLoop loop, WebFace face, GatewayLimits limits) {
    this.loop = loop;
    this.face = face;
    this.limits = limits;
    this.client = Client.of(channel);
    this.memory = loop.memory().account(limits.connectionBytes(), this::endCall);
    this.unsent = new UnsentBytes(memory);
    HttpDecoderConfig config =
        new HttpDecoderConfig()
            .setMaxInitialLineLength(REQUEST_LINE_BYTES)
            .setMaxHeaderSize(limits.headerListBytes())
            .setStrictLineParsing(true)
            .setHeadersFactory(Http1Syntax.HEADERS)
            .setMaxChunkSize(CHUNK_BYTES);
    channel
        .config()
        .setWriteBufferWaterMark(new WriteBufferWaterMark(UNSENT_BYTES / 4, UNSENT_BYTES));
    channel.pipeline().addLast(new HttpServerCodec(config)).addLast(this);
    this.ctx = channel.pipeline().context(this);
  }

  /** Takes a channel over, from its first byte on. */
  static void install(Channel channel, ForwardingLoop loop, WebFace face, GatewayLimits limits) {
    Http1Connection connection = new Http1Connection(channel, loop, face, limits);
    loop.add(connection);
    connection.waitForRequest();
  }

  @Override
  public Channel channel() {
    return ctx.channel();
  }

  @Override
  public void leave(String why, long acknowledgeNanos) {
    leaving = true;
    // Whoever has only just come may be told to go with the answer to what was asked.
    if (current == null && !fresh) {
      close();
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

  /** Whether it is over TLS. */
  boolean isSecure() {
    return ctx.pipeline().get(SslHandler.class) != null;
  }

  boolean isLeaving() {
    return leaving;
  }

  /** Pays for all that is held for its client. */
  MemoryAccount memory() {
    return memory;
  }

  boolean isWritable() {
    return !unsent.isFull() && ctx.channel().isWritable();
  }

  /** Whether parts of answers wait to be sent. */
  boolean isUnsent() {
    return unsent.isSome();
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
    Http1Exchange exchange = current;
    if (exchange != null && exchange.isRequestEnded()) {
      pipelined.add(part);
      refreshReading();
    } else {
      take(part);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    if (current == null && headTimer == null && !deaf) {
      // Something came, and it is not yet the head of a request.
      headTimer = after(limits.handshake(), () -> onTime(MetLimit.HANDSHAKE));
    }
    context.fireChannelReadComplete();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    Http1Exchange exchange = current;
    if (exchange != null && isWritable()) {
      exchange.onWritable();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    cancelTimers();
    pipelined.forEach(ReferenceCountUtil::release);
    pipelined.clear();
    letGo();
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
    var unused = ctx.write(part);
    flushSoon();
  }

  /** As above; so many bytes of the part are held until the client takes them. */
  void write(Object part, int bytes) {
    unsent.add(bytes);
    var unused =
        ctx.write(part)
            .addListener(
                written -> {
                  if (unsent.remove(bytes) && current != null && isWritable()) {
                    current.onWritable();
                  }
                });
    flushSoon();
  }

  void keep(int bytes) {
    keptBytes += bytes;
    refreshReading();
  }

  void giveBack(int bytes) {
    keptBytes -= bytes;
    refreshReading();
  }

  /** An exchange has its answer: the next one, or the end. */
  void onAnswered(boolean reusable, boolean requestEnded) {
    if (!requestEnded) {
      linger();
    } else if (!reusable || leaving) {
      current = null;
      flush();
      close();
    } else {
      current = null;
      waitForRequest();
      while (current == null && !pipelined.isEmpty() && !deaf) {
        take(pipelined.remove());
      }
      takeBodyOfCurrent();
      refreshReading();
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
    if (current == null || !current.onOverload()) {
      letGo();
      // At once: TLS would wait for a client that reads nothing.
      channel().unsafe().close(channel().unsafe().voidPromise());
    }
  }

  private void letGo() {
    Http1Exchange exchange = current;
    current = null;
    if (exchange != null) {
      exchange.onGone();
    }
  }

  private void flushSoon() {
    if (!flushWanted) {
      flushWanted = true;
      ctx.executor().execute(this::flush);
    }
  }

  /** Ends everything at once, so that nobody takes what was sent for all. */
  void breakOff() {
    flush();
    close();
  }

  /** The other side has its last frame and some time to answer it. */
  void closeAfterLinger() {
    flush();
    var unused = after(LINGER, this::close);
  }

  GatewayLimits limits() {
    return limits;
  }

  private void takeBodyOfCurrent() {
    while (current != null && !current.isRequestEnded() && !pipelined.isEmpty()) {
      take(pipelined.remove());
    }
  }

  private void take(HttpObject part) {
    try {
      Http1Exchange exchange = current;
      if (part instanceof HttpRequest request) {
        cancelTimers();
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

  /** What the client still sends is thrown away, so that it reads its answer before a reset. */
  private void linger() {
    deaf = true;
    current = null;
    cancelTimers();
    flush();
    channel().config().setAutoRead(true);
    var unused = after(LINGER, this::close);
    if (channel() instanceof io.netty.channel.socket.DuplexChannel duplex) {
      var unusedEnd = duplex.shutdownOutput();
    }
  }

  private void waitForRequest() {
    idleTimer = after(limits.idle(), () -> onTime(MetLimit.IDLE));
  }

  private void onTime(MetLimit over) {
    loop.meters().met(over);
    close();
  }

  private void refreshReading() {
    boolean wanted = deaf || (pipelined.size() < MAX_PIPELINED && keptBytes < KEPT_BYTES);
    if (channel().config().isAutoRead() != wanted) {
      channel().config().setAutoRead(wanted);
    }
  }

  private ScheduledFuture<?> after(Duration time, Runnable task) {
    return ctx.executor().schedule(task, time.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void cancelTimers() {
    headTimer = cancelled(headTimer);
    idleTimer = cancelled(idleTimer);
  }

  private static @Nullable ScheduledFuture<?> cancelled(@Nullable ScheduledFuture<?> timer) {
    if (timer != null) {
      timer.cancel(false);
    }
    return null;
  }

  private void flush() {
    flushWanted = false;
    ctx.flush();
  }

  private void close() {
    var unused = ctx.close();
  }
}
