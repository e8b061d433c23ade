package dev.holdfast.gateway.upstream;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.gateway.cluster.PooledConnection;
import dev.holdfast.gateway.cluster.PooledConnectionListener;
import dev.holdfast.gateway.headers.HeaderNames;
import dev.holdfast.gateway.headers.ReceivedHeaders;
import dev.holdfast.gateway.http2.codec.CallFrameListener;
import dev.holdfast.gateway.http2.codec.CallStream;
import dev.holdfast.gateway.http2.codec.FrameConnection;
import dev.holdfast.gateway.http2.codec.HeadersWrite;
import dev.holdfast.gateway.http2.codec.Http2Codec;
import dev.holdfast.gateway.http2.codec.LoopResources;
import dev.holdfast.gateway.http2.hpack.HpackHeadersEncoder;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.gateway.socket.LingeringClose;
import dev.holdfast.liveness.ConnectionObserver;
import dev.holdfast.liveness.WatchedConnection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.Http2Stream.State;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/2 connection that the gateway opened to an endpoint. Confined to its event loop.
 *
 * <p>The connection takes calls from the peer's SETTINGS until a GOAWAY, its end, or its retirement
 * by the pool. After a long silence it must be proved alive first.
 */
public final class UpstreamConnection extends FrameConnection implements PooledConnection {
  private static final int LAST_STREAM = Integer.MAX_VALUE - 2;

  private final String address;
  private final PooledConnectionListener<UpstreamConnection> watch;
  private final boolean secure;
  private final SubchannelMeters subchannelMeters;
  private final UpstreamCancels cancels;
  private final Duration lingering;
  private final long idleNanos;
  private @Nullable ScheduledFuture<?> idleTimer;
  private int lastSeenCall;
  private @Nullable WatchedConnection watched;
  private @Nullable String closeReason;
  private boolean ready;
  private boolean leaving;
  private boolean closing;

  private UpstreamConnection(
      Http2Codec codec, Endpoint endpoint, UpstreamConnectionContext upstreamConnectionContext) {
    super(
        codec,
        upstreamConnectionContext.shared,
        upstreamConnectionContext.limits.connectionBytes());
    this.address = endpoint.address().toString();
    this.watch = upstreamConnectionContext.watch;
    this.cancels = new UpstreamCancels(this, upstreamConnectionContext.watch);
    this.secure = upstreamConnectionContext.secure;
    this.subchannelMeters =
        new SubchannelMeters(
            upstreamConnectionContext.shared.meters(), upstreamConnectionContext.cluster);
    this.idleNanos = upstreamConnectionContext.limits.idle().toNanos();
    this.lingering = upstreamConnectionContext.limits.handshake();
    listen(new Frames());
  }

  /** The settings and shared objects of a connection. */
  public record UpstreamConnectionContext(
      GatewayLimits limits,
      LoopResources shared,
      PooledConnectionListener<UpstreamConnection> watch,
      boolean secure,
      String cluster) {}

  public static UpstreamConnection to(
      Endpoint endpoint, UpstreamConnectionContext upstreamConnectionContext) {
    return new UpstreamConnection(
        Http2Codec.dialed(upstreamConnectionContext.limits), endpoint, upstreamConnectionContext);
  }

  public String address() {
    return address;
  }

  @Override
  public boolean hasRoom() {
    return ready && !leaving && connection().local().canOpenStream();
  }

  @Override
  public boolean isStale(long nowNanos) {
    WatchedConnection known = watched;
    return known != null && known.isStale(nowNanos);
  }

  @Override
  public void probe() {
    WatchedConnection known = watched;
    if (known != null) {
      known.checkLiveness();
    }
  }

  @Override
  public int openCalls() {
    return connection().numActiveStreams();
  }

  @Override
  public int mostCalls() {
    return connection().local().maxActiveStreams();
  }

  @Override
  public void retire() {
    leaving = true;
    subchannelMeters.onRetired();
    if (hasChannel()) {
      closeIfUnused();
    }
  }

  @Override
  public boolean isDraining() {
    return leaving;
  }

  /** Whether the connection closes, so that nothing more is sent. */
  boolean isClosing() {
    return closing;
  }

  /** Whether the peer's SETTINGS arrived. */
  public boolean isReady() {
    return ready;
  }

  /** Records the reason of the connection's end; only the first one counts. */
  public void setCloseReason(String why) {
    if (closeReason == null) {
      closeReason = why;
    }
  }

  /** The reason of the connection's end, as far as known. */
  public String closeReason() {
    return closeReason == null ? "closed by the upstream" : closeReason;
  }

  /** Reports the end to the pool once the socket is closed, whatever closed it. */
  public void onSocketClosed() {
    leaving = true;
    ScheduledFuture<?> timer = idleTimer;
    if (timer != null) {
      timer.cancel(false);
    }
    cancels.stop();
    subchannelMeters.onGone();
    watch.onClosed(this, closeReason());
  }

  /**
   * Opens a stream and sends the request headers.
   *
   * @param written has the cause if no stream can be opened, such as {@link
   *     HeaderListTooLargeException}
   * @return null when no stream can be opened
   */
  @Nullable public CallStream open(Http2Headers request, boolean end, HeadersWrite written) {
    Http2Headers headers = request;
    int id = connection().local().incrementAndGetNextStreamId();
    if (id < 0 || id >= LAST_STREAM) {
      leaving = true;
    }
    if (id < 0) {
      return null;
    }
    if (secure) {
      headers = ReceivedHeaders.copyIfCached(request);
      headers.scheme(HeaderNames.HTTPS);
    }
    CallStream stream;
    try {
      stream = openLocal(id);
    } catch (Http2Exception e) {
      written.fail(e);
      return null;
    }
    send(stream, headers, end, written);
    if (written.cause() instanceof Http2Exception.HeaderListSizeException) {
      long limit = encoder().configuration().headersConfiguration().maxHeaderListSize();
      written.fail(new HeaderListTooLargeException(HpackHeadersEncoder.listSize(headers), limit));
    }
    return stream.state() == State.CLOSED ? null : stream;
  }

  /** Whether response headers arrived on the stream. */
  boolean isAnswered(CallStream stream) {
    Http2Stream open = connection().stream(stream.id());
    return open != null && open.isHeadersReceived();
  }

  /** Sends empty SETTINGS: their acknowledgement shows what the upstream has read. */
  void sendBarrier() {
    var unused = encoder().writeSettings(context(), new Http2Settings(), context().newPromise());
    flushLater();
  }

  /** Cancels a call, at once or later; see {@link UpstreamCancels}. */
  public void cancel(CallStream stream) {
    cancels.cancel(stream);
  }

  /** The listener for liveness events of this connection. */
  public ConnectionObserver observer() {
    return new Life();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    leaving = true;
    super.channelInactive(ctx);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
    setCloseReason(IoErrorText.of(cause));
    if (Http2Exception.class.isInstance(cause)) {
      super.exceptionCaught(ctx, cause);
    } else {
      loopResources().meters().faults().onClosed(cause);
      var unused = ctx.close();
    }
  }

  @Override
  protected void onConnectionError(
      ChannelHandlerContext ctx, boolean outbound, Throwable cause, @Nullable Http2Exception e) {
    leaving = true;
    setCloseReason(IoErrorText.of(cause));
    super.onConnectionError(ctx, outbound, cause, e);
  }

  @Override
  protected void onStreamError(
      ChannelHandlerContext ctx,
      boolean outbound,
      Throwable cause,
      Http2Exception.StreamException e) {
    UpstreamStreamListener listener = listener(e.streamId());
    if (listener != null) {
      // CANCEL is the liveness room's, for a connection that is lost.
      boolean malformed = !outbound && e.error() != Http2Error.CANCEL;
      listener.onUpstreamFault(IoErrorText.of(e.getCause() == null ? e : e.getCause()), malformed);
    }
    if (!outbound && e.error() == Http2Error.ENHANCE_YOUR_CALM) {
      loopResources().meters().met(MetLimit.FLOOD);
    }
    super.onStreamError(ctx, outbound, cause, e);
  }

  private @Nullable UpstreamStreamListener listener(int id) {
    return listener(stream(id));
  }

  private @Nullable UpstreamStreamListener listener(@Nullable CallStream stream) {
    return (UpstreamStreamListener) attached(stream);
  }

  /**
   * Closes an unused connection gracefully: responses to cancelled calls may be in flight. If the
   * socket closed at once, it would answer them with RST, and the upstream might never read the
   * cancels.
   */
  void closeIfUnused() {
    if (leaving && !closing && connection().numActiveStreams() == cancels.heldBack()) {
      closing = true;
      var unused =
          context()
              .writeAndFlush(Unpooled.EMPTY_BUFFER)
              .addListener(written -> LingeringClose.begin(context(), lingering));
    }
  }

  /** Retires the connection if it had no call since the last check. */
  private void checkUsed() {
    int newest = connection().local().lastStreamCreated();
    if (newest == lastSeenCall && connection().numActiveStreams() == 0) {
      loopResources().meters().met(MetLimit.IDLE);
      setCloseReason("idle timeout");
      retire();
    } else {
      lastSeenCall = newest;
      awaitIdle();
    }
  }

  private void awaitIdle() {
    idleTimer = context().executor().schedule(this::checkUsed, idleNanos, TimeUnit.NANOSECONDS);
  }

  /** The listener for the peer's frames and the ends of its streams. */
  private final class Frames extends CallFrameListener {
    @Override
    public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings) {
      if (!ready) {
        ready = true;
        subchannelMeters.onConnected();
        awaitIdle();
      }
      watch.onReady(UpstreamConnection.this);
    }

    @Override
    public void onSettingsAckRead(ChannelHandlerContext ctx) {
      cancels.onSettingsAck();
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx, int id, Http2Headers headers, int padding, boolean end) {
      UpstreamStreamListener listener = listener(id);
      if (listener != null) {
        listener.onResponseHeaders(headers, end);
      }
    }

    @Override
    public int onDataRead(
        ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean end) {
      UpstreamStreamListener listener = listener(id);
      int bytes = data.readableBytes() + padding;
      if (listener == null) {
        return cancels.isHeldBack(stream(id)) ? 0 : bytes;
      }
      return isVoid(data, end) ? bytes : listener.onResponseData(data, bytes, end);
    }

    @Override
    public void onWindowUpdateRead(ChannelHandlerContext ctx, int id, int increment) {
      // What waited for it is written with the flush.
      flushLater();
    }

    @Override
    public void onRstStreamRead(ChannelHandlerContext ctx, int id, long code) {
      UpstreamStreamListener listener = listener(id);
      if (listener != null) {
        listener.onUpstreamReset(code);
      }
    }

    @Override
    public void onGoAwayReceived(int lastStreamId, long code, ByteBuf debugData) {
      leaving = true;
      subchannelMeters.onGoAway(code);
      Http2Error error = Http2Error.valueOf(code);
      if (error != Http2Error.NO_ERROR) {
        setCloseReason("GOAWAY " + (error == null ? code : error));
      }
      watch.onNotReady(UpstreamConnection.this);
    }

    @Override
    public void onGoAwayRead(ChannelHandlerContext ctx, int last, long code, ByteBuf debugData) {
      closeIfUnused();
    }

    @Override
    public void onStreamClosed(CallStream stream) {
      cancels.onClosed(stream);
      UpstreamStreamListener listener = listener(stream);
      if (listener != null) {
        detach(stream);
        boolean untouched =
            connection().goAwayReceived()
                && stream.id() > connection().local().lastStreamKnownByPeer();
        listener.onUpstreamClosed(UpstreamConnection.this, untouched);
      }
      if (leaving) {
        closeIfUnused();
      } else {
        watch.onReady(UpstreamConnection.this);
      }
    }
  }

  /** The listener for liveness events. */
  private final class Life implements ConnectionObserver {
    @Override
    public void onReady(WatchedConnection connection) {
      watched = connection;
    }

    @Override
    public void onProven() {
      watch.onReady(UpstreamConnection.this);
    }

    @Override
    public void onSuspect(CloseReason why) {
      watch.onNotReady(UpstreamConnection.this);
    }

    @Override
    public void onClosed(CloseReason why) {
      leaving = true;
      setCloseReason(why.describe(address));
    }

    /** Records the reason; unlike {@link #onClosed}, this runs before the socket is closed. */
    @Override
    public Throwable failure(CloseReason why, Object subject) {
      subchannelMeters.onClosed(why);
      return ConnectionObserver.super.failure(why, subject);
    }
  }
}
