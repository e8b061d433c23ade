package dev.holdfast.gateway.http2;

import dev.holdfast.core.CloseReason;
import dev.holdfast.gateway.call.Frontend;
import dev.holdfast.gateway.headers.ClientIdentity;
import dev.holdfast.gateway.headers.HeaderNames;
import dev.holdfast.gateway.headers.ReceivedHeaders;
import dev.holdfast.gateway.headers.RequestHeaderRewrite;
import dev.holdfast.gateway.headers.RequestValidator;
import dev.holdfast.gateway.http2.codec.CallFrameListener;
import dev.holdfast.gateway.http2.codec.CallStream;
import dev.holdfast.gateway.http2.codec.FrameConnection;
import dev.holdfast.gateway.http2.codec.Http2Codec;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.gateway.loop.ClientConnection;
import dev.holdfast.gateway.loop.ConnectionReporter;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.socket.GatewayEpollIoHandler;
import dev.holdfast.gateway.socket.LingeringClose;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream.State;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An HTTP/2 connection that a client opened. Confined to its event loop. */
public final class DownstreamConnection extends FrameConnection implements ClientConnection {
  /**
   * The payload of the PING whose acknowledgement shows that the first GOAWAY was read: "HFleave".
   */
  private static final long LEAVE_PING = 0x4846_6c65_6176_6500L;

  private final ForwardingLoop loop;
  private final GatewayLimits limits;
  private final @Nullable Frontend frontend;
  final ResetGuard resets;
  private final MemoryAccount memory;
  private final RejectedRequests rejected;
  private final RequestValidator validator;
  private @Nullable ConnectionReporter reporter;
  private ClientIdentity clientIdentity = ClientIdentity.UNKNOWN;
  private boolean secure;
  private boolean settingsReceived;
  private boolean goAwaySent;
  private boolean leaving;
  private long unusedSinceNanos = System.nanoTime();
  private @Nullable ScheduledFuture<?> beginTimer;
  private @Nullable ScheduledFuture<?> idleTimer;
  private @Nullable ScheduledFuture<?> finalGoAwayTimer;

  private DownstreamConnection(
      Http2Codec codec, ForwardingLoop loop, GatewayLimits limits, @Nullable Frontend frontend) {
    super(codec, loop.loopResources(), limits.connectionBytes());
    this.loop = loop;
    this.limits = limits;
    this.frontend = frontend;
    this.validator = new RequestValidator(loop.knownPaths());
    this.resets = new ResetGuard(this, limits);
    this.memory =
        loop.memory().account(limits.connectionBytes(), why -> HeaviestCall.end(this, why));
    this.rejected = new RejectedRequests(this, limits, frontend != null);
    listen(new Frames());
    // Holds from the first stream on, and not only when the client has acknowledged it.
    connection().remote().maxActiveStreams(limits.streams());
  }

  /**
   * Installs HTTP/2 on an accepted connection of a loop.
   *
   * @param frontend handler of requests that are not gRPC, or null
   */
  public static void accept(ForwardingLoop loop, Channel channel, @Nullable Frontend frontend) {
    DownstreamConnection connection = of(loop, loop.snapshot().limits(), frontend);
    ConnectionReporter reporter = loop.reporterOfClient(channel);
    connection.reporter = reporter;
    channel.pipeline().addLast(loop.livenessOfClient(reporter)).addLast(connection);
    connection.watchTimes();
    loop.addHttp2(connection);
  }

  static DownstreamConnection of(
      ForwardingLoop loop, GatewayLimits limits, @Nullable Frontend frontend) {
    return new DownstreamConnection(Http2Codec.accepted(limits), loop, limits, frontend);
  }

  ForwardingLoop loop() {
    return loop;
  }

  /** The account that is charged for all bytes held for this client. */
  MemoryAccount memory() {
    return memory;
  }

  /** The identity of the client that opened the connection. */
  ClientIdentity clientIdentity() {
    return clientIdentity;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
    clientIdentity = ClientIdentity.of(ctx.channel());
    secure = ctx.pipeline().get(SslHandler.class) != null;
    owner(List.of(clientIdentity, secure));
    super.handlerAdded(ctx);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
    if (Http2Exception.class.isInstance(cause)) {
      super.exceptionCaught(ctx, cause);
    } else {
      loop.meters().faults().onClosed(cause);
      var unused = ctx.close();
    }
  }

  /** Starts the timers for the client's first SETTINGS and for idleness. */
  void watchTimes() {
    beginTimer = after(limits.handshake().toNanos(), this::checkBegun);
    checkUsed();
  }

  /** Cancels the timers, which would keep a closed connection in memory for the idle time. */
  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    cancel(beginTimer);
    cancel(idleTimer);
    cancel(finalGoAwayTimer);
    super.channelInactive(ctx);
  }

  private ScheduledFuture<?> after(long nanos, Runnable task) {
    return context().executor().schedule(task, nanos, TimeUnit.NANOSECONDS);
  }

  private static void cancel(@Nullable ScheduledFuture<?> timer) {
    if (timer != null) {
      timer.cancel(false);
    }
  }

  /**
   * Asks the client to leave (RFC 9113, 6.8): a first GOAWAY under which requests in flight still
   * count. The second one, with the last stream, follows the client's acknowledgement or the
   * timeout.
   */
  @Override
  public void drain(String why, long acknowledgeNanos) {
    if (goAwaySent) {
      return;
    }
    goAwaySent = true;
    sendGoAway(Integer.MAX_VALUE, Http2Error.NO_ERROR, why);
    var unusedPing = encoder().writePing(context(), false, LEAVE_PING, context().newPromise());
    finalGoAwayTimer = after(acknowledgeNanos, () -> sendFinalGoAway(why));
  }

  /** Ends calls whose time has passed in a draining gateway. */
  @Override
  public void endCalls(boolean streamsToo) {
    List<RequestFrameHandler> open = new ArrayList<>();
    forEachStream(
        stream -> {
          RequestFrameHandler request = request(stream);
          boolean unary = request != null && request.isRequestEnded() && !stream.isHeadersSent();
          if (request != null && (streamsToo || unary)) {
            open.add(request);
          }
        });
    open.forEach(RequestFrameHandler::onLeave);
  }

  @Nullable RequestFrameHandler request(@Nullable CallStream stream) {
    return (RequestFrameHandler) attached(stream);
  }

  private void sendFinalGoAway(String why) {
    if (!leaving && channel().isActive()) {
      leaving = true;
      sendGoAway(connection().remote().lastStreamCreated(), Http2Error.NO_ERROR, why);
      closeIfUnused();
    }
  }

  /** Closes the connection behind everything written, which a slow reader still has to read. */
  private void closeIfUnused() {
    if (leaving && connection().numActiveStreams() == 0) {
      var unused =
          context()
              .writeAndFlush(Unpooled.EMPTY_BUFFER)
              .addListener(written -> LingeringClose.begin(context(), limits.handshake()));
    }
  }

  private void checkBegun() {
    if (!settingsReceived && channel().isActive()) {
      loop.meters().met(MetLimit.HANDSHAKE);
      var unused = context().close();
    }
  }

  private void checkUsed() {
    long idleNanos = limits.idle().toNanos();
    long quietNanos =
        connection().numActiveStreams() > 0 ? 0 : System.nanoTime() - unusedSinceNanos;
    if (quietNanos >= idleNanos) {
      loop.meters().met(MetLimit.IDLE);
      drain(CloseReason.MAX_IDLE.code() + " idle timeout", idleNanos);
    } else if (channel().isOpen()) {
      idleTimer = after(idleNanos - quietNanos, this::checkUsed);
    }
  }

  /** Whether the headers come from the header block cache and are a well-formed request. */
  private static boolean isKnown(Http2Headers headers) {
    return headers instanceof ReceivedHeaders receivedHeaders
        && receivedHeaders.isCached()
        && receivedHeaders.kind() == ReceivedHeaders.HeadersKind.REQUEST;
  }

  /** Writes a GOAWAY with a reason, after what is written already. */
  private void sendGoAway(int lastStream, Http2Error error, String why) {
    var unused =
        goAway(
            context(),
            lastStream,
            error.code(),
            Unpooled.copiedBuffer(why, StandardCharsets.US_ASCII),
            context().newPromise());
    flushLater();
  }

  @Override
  protected void onStreamError(
      ChannelHandlerContext ctx,
      boolean outbound,
      Throwable cause,
      Http2Exception.StreamException e) {
    if (!outbound && e.error() == Http2Error.REFUSED_STREAM) {
      loop.meters().met(MetLimit.STREAMS);
    }
    int id = e.streamId();
    CallStream stream = stream(id);
    if (!outbound
        && e.error() == Http2Error.PROTOCOL_ERROR
        && stream != null
        && request(stream) != null
        && stream.state() == State.HALF_CLOSED_REMOTE) {
      // Netty does not check the state of a stream before it counts its headers.
      String what = String.valueOf(e.getMessage());
      super.onStreamError(
          ctx,
          outbound,
          cause,
          (Http2Exception.StreamException)
              Http2Exception.streamError(id, Http2Error.STREAM_CLOSED, "%s", what));
      return;
    }
    super.onStreamError(ctx, outbound, cause, e);
  }

  @Override
  protected boolean onMalformedHeaders(int id, boolean grpc, boolean ended, String fault) {
    rejected.malformed(id, grpc, ended, fault);
    return true;
  }

  @Override
  protected boolean onLargeHeaders(int id, boolean grpc, boolean ended) {
    return rejected.tooLarge(id, grpc, ended);
  }

  @Override
  protected boolean judgesLateFrames() {
    return true;
  }

  /** The listener for the client's frames and the ends of its streams. */
  private final class Frames extends CallFrameListener {
    @Override
    public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings) {
      settingsReceived = true;
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx, int id, Http2Headers headers, int padding, boolean end)
        throws Http2Exception {
      CallStream stream = stream(id);
      if (stream == null) {
        return;
      }
      RequestFrameHandler open = request(stream);
      if (open != null) {
        open.onRequestTrailers();
        return;
      }
      if (stream.isHeadersSent()) {
        // Of a request that was rejected.
        return;
      }
      if (resets.refuses(stream, end)) {
        return;
      }
      ConnectionReporter listening = reporter;
      if (listening != null && !listening.isCalled()) {
        listening.onCall(headers.get(HttpHeaderNames.USER_AGENT));
      }
      boolean known = isKnown(headers);
      if (!known) {
        String fault = validator.fault(headers);
        if (fault != null) {
          rejected.malformed(id, ReceivedHeaders.isGrpc(headers), end, fault);
          return;
        }
      }
      OpenedStream opened = new OpenedStream(GatewayEpollIoHandler.nanoTime(), headers);
      if (!known) {
        HeaderMemory.charge(opened, headers, blockBytes(), memory);
      }
      if (secure) {
        // The same for every request of this connection, so it does remembered headers no harm.
        headers.scheme(HeaderNames.HTTPS);
      }
      begin(stream, opened, headers, end);
    }

    /** Begins the request of a stream. */
    private void begin(CallStream stream, OpenedStream opened, Http2Headers headers, boolean end) {
      Http2Headers request = headers;
      String malformed = "";
      if (!ReceivedHeaders.hasNormalPath(headers)) {
        request = ReceivedHeaders.copyIfCached(headers);
        malformed = RequestHeaderRewrite.normalizePath(request, ReceivedHeaders.isGrpc(headers));
      }
      Frontend taker = frontend;
      if (taker != null && !ReceivedHeaders.isGrpc(headers)) {
        Http2Exchange web =
            new Http2Exchange(
                DownstreamConnection.this,
                stream,
                opened,
                ReceivedHeaders.copyIfCached(request),
                end);
        attach(stream, web);
        web.begin(taker, malformed);
        return;
      }
      ForwardedCall exchange =
          new ForwardedCall(DownstreamConnection.this, stream, opened, request, end);
      attach(stream, exchange);
      if (malformed.isEmpty()) {
        exchange.begin();
      } else {
        exchange.refuse(malformed);
      }
    }

    @Override
    public int onDataRead(
        ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean end) {
      RequestFrameHandler request = request(stream(id));
      int bytes = data.readableBytes() + padding;
      return request == null || isVoid(data, end) ? bytes : request.onRequestData(data, bytes, end);
    }

    @Override
    public void onWindowUpdateRead(ChannelHandlerContext ctx, int id, int increment) {
      // What waited for it is written with the flush.
      flushLater();
    }

    @Override
    public void onRstStreamRead(ChannelHandlerContext ctx, int id, long code) {
      CallStream stream = stream(id);
      RequestFrameHandler request = request(stream);
      if (stream != null && request != null && !stream.isHeadersSent()) {
        resets.onReset(request.opened());
      }
    }

    @Override
    public void onPingAckRead(ChannelHandlerContext ctx, long payload) {
      if (goAwaySent && payload == LEAVE_PING) {
        sendFinalGoAway("graceful shutdown of the connection");
      }
    }

    @Override
    public void onStreamClosed(CallStream stream) {
      resets.onEnd();
      RequestFrameHandler request = request(stream);
      if (request != null) {
        HeaderMemory.credit(request.opened(), memory);
        detach(stream);
        request.onClosed();
      }
      if (connection().numActiveStreams() == 0) {
        unusedSinceNanos = GatewayEpollIoHandler.nanoTime();
        closeIfUnused();
      }
    }
  }
}
