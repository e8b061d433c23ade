package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.limits.GatewayMemory;
import dev.holdfast.gateway.limits.MetLimit;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/2 connection of the gateway, on either side.
 *
 * <p>Flushes are collected per event loop. Bytes that were read here and are not yet written to the
 * other side are counted, and given back to the sender's window when they are.
 */
// How a write ends shows in the promise that was handed in, or in the end of the connection.
@SuppressWarnings("FutureReturnValueIgnored")
abstract class FrameConnection extends Http2ConnectionHandler {
  private final Http2Connection.PropertyKey takerKey;
  private final Shared shared;
  private final int windowBytes;
  private final ControlFrames control = new ControlFrames();
  private @Nullable ChannelHandlerContext context;
  private @Nullable FrameBatch batch;
  private boolean flushWanted;
  private long keptBytes;
  private boolean blamed;

  FrameConnection(
      Http2ConnectionDecoder decoder,
      Http2ConnectionEncoder encoder,
      Http2Settings settings,
      Shared shared,
      int windowBytes) {
    super(decoder, encoder, settings, true);
    this.takerKey = encoder.connection().newKey();
    this.shared = shared;
    this.windowBytes = windowBytes;
  }

  /** The context; there is one as soon as the handler was added. */
  final ChannelHandlerContext context() {
    ChannelHandlerContext ctx = context;
    if (ctx == null) {
      throw new IllegalStateException("used before it was added to a pipeline");
    }
    return ctx;
  }

  public final Channel channel() {
    return context().channel();
  }

  final boolean hasChannel() {
    return context != null;
  }

  /** Everything written so far goes out when the loop is done with what it reads. */
  final void flushLater() {
    if (!flushWanted) {
      flushWanted = true;
      shared.flushes().add(this);
    }
  }

  final void flushNow() {
    flushWanted = false;
    flush(context());
    if (!channel().isWritable()) {
      requireReader();
    }
  }

  /** What takes the stream's frames from now on. */
  final void attach(Http2Stream stream, Object taker) {
    stream.setProperty(takerKey, taker);
  }

  final void detach(Http2Stream stream) {
    stream.removeProperty(takerKey);
  }

  /** What was attached; the caller knows its type. */
  final @Nullable Object attached(@Nullable Http2Stream stream) {
    return stream == null ? null : stream.getProperty(takerKey);
  }

  /** Counts bytes that wait for the other side; whether so many may. */
  final boolean keep(int bytes) {
    keptBytes += bytes;
    boolean room = shared.memory().take(bytes);
    if (keptBytes > windowBytes) {
      shared.meters().met(MetLimit.CONNECTION_BYTES);
      return false;
    }
    if (!room && keptBytes > GatewayMemory.FREE_BYTES) {
      shared.meters().met(MetLimit.MEMORY);
      return false;
    }
    return true;
  }

  /** Bytes that were kept were passed on or dropped: their sender may send as many again. */
  final void giveBack(Http2Stream stream, int bytes) {
    keptBytes -= bytes;
    shared.memory().give(bytes);
    try {
      if (connection().local().flowController().consumeBytes(stream, bytes)) {
        flushLater();
      }
    } catch (Http2Exception e) {
      onError(context(), true, e);
    }
  }

  final void writeHeaders(Http2Stream stream, Http2Headers headers, boolean end) {
    encoder().writeHeaders(context(), stream.id(), headers, 0, end, context().newPromise());
    flushLater();
  }

  /** What it shares with the others of its loop. */
  final Shared shared() {
    return shared;
  }

  /** Ends the stream at once; what waits to be written on it is dropped. */
  final void reset(Http2Stream stream, long code) {
    resetStream(context(), stream.id(), code, context().newPromise());
    flushLater();
  }

  /** PING came; {@code stream} is the last one on which the peer called or was called. */
  final void requireFewPings(int stream) throws LimitMetException {
    int window = connection().remote().flowController().windowSize(connection().connectionStream());
    if (control.onPing(System.nanoTime(), stream, window)) {
      throw new LimitMetException(MetLimit.PINGS, "too many PINGs");
    }
  }

  final void requireFewSettings() throws LimitMetException {
    if (control.onSettings(System.nanoTime())) {
      throw new LimitMetException(MetLimit.SETTINGS, "too many SETTINGS");
    }
  }

  @Override
  protected void onConnectionError(
      ChannelHandlerContext ctx, boolean outbound, Throwable cause, @Nullable Http2Exception e) {
    if (e != null && e.error() == Http2Error.ENHANCE_YOUR_CALM && !blamed) {
      blamed = true;
      shared.meters().met(e instanceof LimitMetException known ? known.limit() : MetLimit.FLOOD);
    }
    if (e == null) {
      shared.meters().faults().onClosed(cause);
    }
    super.onConnectionError(ctx, outbound, cause, e);
  }

  /** DATA waits for the peer's window, but headers don't: a peer that reads nothing is cut off. */
  private void requireReader() {
    boolean deaf = channel().isActive() && channel().bytesBeforeWritable() > windowBytes;
    if (deaf && !blamed) {
      blamed = true;
      shared.meters().met(MetLimit.UNREAD);
      context().close();
    }
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
    context = ctx;
    if (encoder().frameWriter() instanceof FrameWriter frames) {
      batch = frames.batch();
      ctx.pipeline().addBefore(ctx.name(), null, frames.batch());
    }
    super.handlerAdded(ctx);
    if (ctx.channel().isActive()) {
      openWindow();
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) throws Exception {
    super.channelActive(ctx);
    openWindow();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    discardSomeReadBytes();
    FrameBatch written = batch;
    if (written == null || written.isUnflushed()) {
      flushLater();
    }
    ctx.fireChannelReadComplete();
  }

  /** The window of the connection is refilled at once; that of each stream is what holds back. */
  private void openWindow() throws Http2Exception {
    Http2Stream whole = connection().connectionStream();
    int more = windowBytes - connection().local().flowController().initialWindowSize(whole);
    if (more > 0) {
      connection().local().flowController().incrementWindowSize(whole, more);
      flushLater();
    }
  }

  /** Runs when a write ended. */
  static boolean isDone(@Nullable Future<?> write) {
    return write != null && write.isSuccess();
  }
}
