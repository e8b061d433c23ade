package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.gateway.socket.SteadyEpoll;
import dev.holdfast.transcoding.http.ErrorBody;
import dev.holdfast.transcoding.http.RequestRefusedException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A connection that a client opened. On its event loop only. */
final class DownstreamConnection extends FrameConnection implements ClientConnection {
  /** Its answer says that the first GOAWAY was read: "HFleave". */
  private static final long LEAVE_PING = 0x4846_6c65_6176_6500L;

  private final FrameDecoder reader;
  private final ForwardingLoop loop;
  private final GatewayLimits limits;
  private final @Nullable WebFace face;
  final ResetGuard resets;
  private final MemoryAccount memory;
  private Client client = Client.NOBODY;
  private boolean secure;
  private boolean begun;
  private boolean told;
  private boolean leaving;
  private long unusedSinceNanos = System.nanoTime();
  private @Nullable ScheduledFuture<?> beginTimer;
  private @Nullable ScheduledFuture<?> idleTimer;
  private @Nullable ScheduledFuture<?> doorTimer;

  private DownstreamConnection(
      FrameDecoder decoder,
      ControlFrameLimits encoder,
      Http2Settings settings,
      ForwardingLoop loop,
      GatewayLimits limits,
      @Nullable WebFace face) {
    super(decoder, encoder, settings, loop.shared(), limits.connectionBytes());
    this.reader = decoder;
    this.loop = loop;
    this.limits = limits;
    this.face = face;
    this.resets = new ResetGuard(this, limits);
    this.memory =
        loop.memory().account(limits.connectionBytes(), why -> HeaviestCall.end(this, why));
    Frames frames = new Frames();
    decoder.frameListener(frames);
    decoder.connection().addListener(frames);
    // Holds from the first stream on, and not only when the client has acknowledged it.
    decoder.connection().remote().maxActiveStreams(limits.streams());
  }

  static DownstreamConnection of(
      ForwardingLoop loop, GatewayLimits limits, @Nullable WebFace face) {
    return ConnectionBuilder.accepted(
        limits,
        (decoder, encoder, settings) ->
            new DownstreamConnection(decoder, encoder, settings, loop, limits, face));
  }

  ForwardingLoop loop() {
    return loop;
  }

  /** Pays for all that is held for its client. */
  MemoryAccount memory() {
    return memory;
  }

  /** Who opened it. */
  Client client() {
    return client;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
    client = Client.of(ctx.channel());
    secure = ctx.pipeline().get(SslHandler.class) != null;
    reader.owner(List.of(client, secure));
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

  /** Begins to watch how the client uses its time. */
  void watchTimes() {
    beginTimer = after(limits.handshake().toNanos(), this::checkBegun);
    checkUsed();
  }

  /** Timers would hold a connection that is gone for as long as it might have been idle. */
  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    cancel(beginTimer);
    cancel(idleTimer);
    cancel(doorTimer);
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
   * Asks the client to leave: first so that requests under way to us still count (RFC 9113, 6.8),
   * and when it answers or the time is over, with the last stream that does.
   */
  @Override
  public void leave(String why, long acknowledgeNanos) {
    if (told) {
      return;
    }
    told = true;
    goodbye(Integer.MAX_VALUE, Http2Error.NO_ERROR, why);
    var unusedPing = encoder().writePing(context(), false, LEAVE_PING, context().newPromise());
    doorTimer = after(acknowledgeNanos, () -> closeDoor(why));
  }

  /** Ends calls that take too long for a gateway that closes. */
  @Override
  public void endCalls(boolean streamsToo) {
    List<RequestStream> open = new ArrayList<>();
    try {
      connection()
          .forEachActiveStream(
              stream -> {
                RequestStream request = request(stream);
                boolean unary =
                    request != null && request.isRequestEnded() && !stream.isHeadersSent();
                if (request != null && (streamsToo || unary)) {
                  open.add(request);
                }
                return true;
              });
    } catch (Http2Exception e) {
      throw new IllegalStateException("to collect exchanges can't fail", e);
    }
    open.forEach(RequestStream::onLeave);
  }

  private @Nullable RequestStream request(@Nullable Http2Stream stream) {
    return (RequestStream) attached(stream);
  }

  private void closeDoor(String why) {
    if (!leaving && channel().isActive()) {
      leaving = true;
      goodbye(connection().remote().lastStreamCreated(), Http2Error.NO_ERROR, why);
      closeIfUnused();
    }
  }

  /** Behind what is written, which a slow reader has yet to take. */
  private void closeIfUnused() {
    if (leaving && connection().numActiveStreams() == 0) {
      var unused =
          context().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> closeNow());
    }
  }

  private void closeNow() {
    var unused = context().close();
  }

  private void checkBegun() {
    if (!begun && channel().isActive()) {
      loop.meters().met(MetLimit.HANDSHAKE);
      closeNow();
    }
  }

  private void checkUsed() {
    long idleNanos = limits.idle().toNanos();
    long quietNanos =
        connection().numActiveStreams() > 0 ? 0 : System.nanoTime() - unusedSinceNanos;
    if (quietNanos >= idleNanos) {
      loop.meters().met(MetLimit.IDLE);
      leave("no call for long", idleNanos);
    } else if (channel().isOpen()) {
      idleTimer = after(idleNanos - quietNanos, this::checkUsed);
    }
  }

  /** Says goodbye with a reason, after what is written already. */
  private void goodbye(int lastStream, Http2Error error, String why) {
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
    boolean answered =
        e.getCause() instanceof LargeHeadersException large && refuse(large, e.streamId());
    if (!answered) {
      super.onStreamError(ctx, outbound, cause, e);
    }
  }

  /** Answers a request whose headers are too large; says whether that is all of it. */
  private boolean refuse(LargeHeadersException large, int id) {
    loop.meters().met(MetLimit.HEADER_LIST);
    resets.onUnforwarded();
    Http2Stream stream = connection().stream(id);
    boolean known = stream != null;
    try {
      stream = known ? stream : connection().remote().createStream(id, true);
    } catch (Http2Exception e) {
      return false;
    }
    if (stream == null || stream.isHeadersSent()) {
      return false;
    }
    String what = "gateway: headers of more than " + limits.headerListBytes() + " bytes";
    if (face == null || large.isGrpc() || known) {
      send(stream, Answers.trailersOnly(StatusCode.RESOURCE_EXHAUSTED, what), true, null);
      return false;
    }
    RequestRefusedException refused = RequestRefusedException.headersTooLarge(what);
    Http2Headers head = Answers.json(refused.httpStatus());
    new WebStream(this, stream, head, true).answer(head, ErrorBody.json(refused));
    return true;
  }

  /** The frames of the client, and what becomes of streams. */
  private final class Frames extends CallFrames {
    @Override
    public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings)
        throws Http2Exception {
      begun = true;
      requireFewSettings();
    }

    @Override
    public void onPingRead(ChannelHandlerContext ctx, long payload) throws Http2Exception {
      requireFewPings(connection().remote().lastStreamCreated());
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx, int id, Http2Headers headers, int padding, boolean end)
        throws Http2Exception {
      FrameStream stream = connection().stream(id);
      if (stream == null) {
        return;
      }
      RequestStream known = request(stream);
      if (known != null) {
        known.onRequestTrailers(RequestHeaders.trailers(headers));
        return;
      }
      if (resets.refuses(stream, end)) {
        return;
      }
      if (secure) {
        // The same for every request of this connection, so it does remembered headers no harm.
        headers.scheme(Names.HTTPS);
      }
      stream.opened = new OpenedStream(SteadyEpoll.nanoTime(), headers);
      Http2Headers request = headers;
      String malformed = "";
      if (!Head.hasNormalPath(headers)) {
        request = Head.own(headers);
        malformed = RequestHeaders.normalizePath(request, Head.isGrpc(headers));
      }
      WebFace taker = face;
      if (taker != null && !Head.isGrpc(headers)) {
        WebStream web = new WebStream(DownstreamConnection.this, stream, Head.own(request), end);
        attach(stream, web);
        web.begin(taker, malformed);
        return;
      }
      ForwardedExchange exchange =
          new ForwardedExchange(DownstreamConnection.this, stream, request, end);
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
      RequestStream request = request(connection().stream(id));
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
      resets.onReset(connection().stream(id));
    }

    @Override
    public void onPingAckRead(ChannelHandlerContext ctx, long payload) {
      if (payload == LEAVE_PING) {
        closeDoor("the gateway has no more use for this connection");
      }
    }

    @Override
    public void onStreamClosed(Http2Stream stream) {
      resets.onEnd();
      RequestStream request = request(stream);
      if (request != null) {
        detach(stream);
        request.onClosed();
      }
      if (connection().numActiveStreams() == 0) {
        unusedSinceNanos = SteadyEpoll.nanoTime();
        closeIfUnused();
      }
    }
  }
}
