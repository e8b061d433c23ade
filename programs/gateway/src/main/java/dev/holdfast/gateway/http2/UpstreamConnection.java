package dev.holdfast.gateway.http2;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.Endpoint;
import dev.holdfast.gateway.cluster.Link;
import dev.holdfast.gateway.cluster.LinkWatch;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.MetLimit;
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
final class UpstreamConnection extends FrameConnection implements Link {
  private static final int LAST_STREAM = Integer.MAX_VALUE - 2;

  private final String address;
  private final LinkWatch<UpstreamConnection> watch;
  private final boolean secure;
  private final Subchannel subchannel;
  private final UpstreamCancels cancels;
  private final Duration lingering;
  private final long idleNanos;
  private @Nullable ScheduledFuture<?> idleTimer;
  private int lastSeenCall;
  private @Nullable WatchedConnection watched;
  private @Nullable String fault;
  private boolean ready;
  private boolean leaving;
  private boolean closing;

  private UpstreamConnection(Codec codec, Endpoint endpoint, Setting setting) {
    super(
        codec.decoder,
        codec.encoder,
        codec.settings,
        setting.shared,
        setting.limits.connectionBytes());
    this.address = endpoint.address().toString();
    this.watch = setting.watch;
    this.cancels = new UpstreamCancels(this, setting.watch);
    this.secure = setting.secure;
    this.subchannel = new Subchannel(setting.shared.meters(), setting.cluster);
    this.idleNanos = setting.limits.idle().toNanos();
    this.lingering = setting.limits.handshake();
    Frames frames = new Frames();
    codec.decoder.frameListener(frames);
    codec.decoder.connection().addListener(frames);
  }

  /** The parts of the codec. */
  private record Codec(FrameDecoder decoder, ControlFrameLimits encoder, Http2Settings settings) {}

  /** The settings and shared objects of a connection. */
  record Setting(
      GatewayLimits limits,
      Shared shared,
      LinkWatch<UpstreamConnection> watch,
      boolean secure,
      String cluster) {}

  static UpstreamConnection to(Endpoint endpoint, Setting setting) {
    return ConnectionBuilder.dialed(
        setting.limits,
        (decoder, encoder, settings) ->
            new UpstreamConnection(new Codec(decoder, encoder, settings), endpoint, setting));
  }

  String address() {
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
  public void prove() {
    WatchedConnection known = watched;
    if (known != null) {
      known.prove();
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
    subchannel.onRetired();
    if (hasChannel()) {
      closeIfUnused();
    }
  }

  @Override
  public boolean isLeaving() {
    return leaving;
  }

  /** Whether the peer's SETTINGS arrived. */
  boolean isReady() {
    return ready;
  }

  /** Records the reason of the connection's end; only the first one counts. */
  void blame(String why) {
    if (fault == null) {
      fault = why;
    }
  }

  /** The reason of the connection's end, as far as known. */
  String fault() {
    return fault == null ? "closed by the upstream" : fault;
  }

  /** Reports the end to the pool once the socket is closed, whatever closed it. */
  void onSocketClosed() {
    leaving = true;
    ScheduledFuture<?> timer = idleTimer;
    if (timer != null) {
      timer.cancel(false);
    }
    cancels.stop();
    subchannel.onGone();
    watch.onGone(this, fault());
  }

  /**
   * Opens a stream and sends the request headers.
   *
   * @return null when no stream can be opened
   */
  @Nullable Http2Stream open(Http2Headers request, boolean end, HeadersWrite written) {
    Http2Headers headers = request;
    int id = connection().local().incrementAndGetNextStreamId();
    if (id < 0 || id >= LAST_STREAM) {
      leaving = true;
    }
    if (id < 0) {
      return null;
    }
    if (secure) {
      headers = Head.own(request);
      headers.scheme(Names.HTTPS);
    }
    Http2Stream stream;
    try {
      stream = connection().local().createStream(id, false);
    } catch (Http2Exception e) {
      written.fail(e);
      return null;
    }
    send(stream, headers, end, written);
    return stream.state() == Http2Stream.State.CLOSED ? null : stream;
  }

  /** Cancels a call, at once or later; see {@link UpstreamCancels}. */
  void cancel(Http2Stream stream) {
    cancels.cancel(stream);
  }

  /** The listener for liveness events of this connection. */
  ConnectionObserver observer() {
    return new Life();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    leaving = true;
    super.channelInactive(ctx);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
    blame(textOf(cause));
    if (Http2Exception.class.isInstance(cause)) {
      super.exceptionCaught(ctx, cause);
    } else {
      shared().meters().faults().onClosed(cause);
      var unused = ctx.close();
    }
  }

  @Override
  protected void onConnectionError(
      ChannelHandlerContext ctx, boolean outbound, Throwable cause, @Nullable Http2Exception e) {
    leaving = true;
    blame(textOf(cause));
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
      listener.onUpstreamFault(textOf(e.getCause() == null ? e : e.getCause()), malformed);
    }
    super.onStreamError(ctx, outbound, cause, e);
  }

  private @Nullable UpstreamStreamListener listener(int id) {
    return listener(connection().stream(id));
  }

  private @Nullable UpstreamStreamListener listener(@Nullable Http2Stream stream) {
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
      shared().meters().met(MetLimit.IDLE);
      blame("no call for long");
      retire();
    } else {
      lastSeenCall = newest;
      awaitIdle();
    }
  }

  private void awaitIdle() {
    idleTimer = context().executor().schedule(this::checkUsed, idleNanos, TimeUnit.NANOSECONDS);
  }

  private static String textOf(Throwable cause) {
    String message = cause.getMessage();
    return message == null ? cause.getClass().getSimpleName() : message;
  }

  /** The listener for the peer's frames and the ends of its streams. */
  private final class Frames extends CallFrames {
    @Override
    public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings)
        throws Http2Exception {
      LimitMetException.requireFewSettings(control());
      if (!ready) {
        ready = true;
        subchannel.onConnected();
        awaitIdle();
      }
      watch.onRoom(UpstreamConnection.this);
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
    public void onPingRead(ChannelHandlerContext ctx, long payload) throws Http2Exception {
      LimitMetException.requireFewPings(control(), connection());
    }

    @Override
    public int onDataRead(
        ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean end) {
      UpstreamStreamListener listener = listener(id);
      int bytes = data.readableBytes() + padding;
      if (listener == null) {
        return cancels.isHeldBack(connection().stream(id)) ? 0 : bytes;
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
      subchannel.onGoAway(code);
      Http2Error error = Http2Error.valueOf(code);
      if (error != Http2Error.NO_ERROR) {
        blame("GOAWAY " + (error == null ? code : error));
      }
      watch.onDoubt(UpstreamConnection.this);
    }

    @Override
    public void onGoAwayRead(ChannelHandlerContext ctx, int last, long code, ByteBuf debugData) {
      closeIfUnused();
    }

    @Override
    public void onStreamClosed(Http2Stream stream) {
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
        watch.onRoom(UpstreamConnection.this);
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
      watch.onRoom(UpstreamConnection.this);
    }

    @Override
    public void onSuspect(CloseReason why) {
      watch.onDoubt(UpstreamConnection.this);
    }

    @Override
    public void onClosed(CloseReason why) {
      leaving = true;
      blame(why.describe(address));
    }

    /** Records the reason; unlike {@link #onClosed}, this runs before the socket is closed. */
    @Override
    public Throwable failure(CloseReason why, Object subject) {
      subchannel.onClosed(why);
      return ConnectionObserver.super.failure(why, subject);
    }
  }
}
