package dev.holdfast.gateway.http2.codec;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameWriter;
import io.netty.handler.codec.http2.Http2LocalFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/**
 * The receive windows of a connection and its streams (RFC 9113, 5.2). The connection's window is
 * refilled as soon as bytes arrive, so that a slow stream causes no head-of-line blocking. A
 * stream's window is refilled when its bytes were passed on. A WINDOW_UPDATE is sent when half of a
 * window is used.
 */
final class ReceiveWindows implements Http2LocalFlowController {
  private static final int DEFAULT_BYTES = 65_535;

  private final FrameStreams connection;
  private @Nullable ChannelHandlerContext context;
  private @Nullable Http2FrameWriter frames;
  private int initialBytes = DEFAULT_BYTES;

  ReceiveWindows(FrameStreams connection) {
    this.connection = connection;
  }

  /** Initializes the window of a stream or of the connection. */
  void begin(FrameStream stream) {
    stream.receiveWindow = initialBytes;
    stream.processedWindow = initialBytes;
    stream.mostReceived = initialBytes;
  }

  @Override
  public Http2LocalFlowController frameWriter(Http2FrameWriter frameWriter) {
    frames = frameWriter;
    begin(connection.connectionStream());
    return this;
  }

  @Override
  public void channelHandlerContext(ChannelHandlerContext ctx) {
    context = ctx;
  }

  @Override
  public void initialWindowSize(int newWindowSize) throws Http2Exception {
    int more = newWindowSize - initialBytes;
    initialBytes = newWindowSize;
    connection.forEachActiveStream(
        each -> {
          FrameStream stream = (FrameStream) each;
          add(stream, more);
          stream.mostReceived += more;
          return true;
        });
  }

  @Override
  public int initialWindowSize() {
    return initialBytes;
  }

  @Override
  public int initialWindowSize(Http2Stream stream) {
    return ((FrameStream) stream).mostReceived;
  }

  @Override
  public int windowSize(Http2Stream stream) {
    return ((FrameStream) stream).receiveWindow;
  }

  @Override
  public int unconsumedBytes(Http2Stream stream) {
    FrameStream of = (FrameStream) stream;
    return of.processedWindow - of.receiveWindow;
  }

  @Override
  public void incrementWindowSize(Http2Stream stream, int delta) throws Http2Exception {
    FrameStream of = (FrameStream) stream;
    long most = (long) of.mostReceived + delta;
    of.mostReceived = (int) Math.max(0, Math.min(Integer.MAX_VALUE, most));
    sendWindowUpdate(of);
  }

  @Override
  public void receiveFlowControlledFrame(
      @Nullable Http2Stream stream, ByteBuf data, int padding, boolean endOfStream)
      throws Http2Exception {
    receive((FrameStream) stream, data.readableBytes() + padding, endOfStream);
  }

  /** Records DATA that arrived; on a closed stream it counts only for the connection. */
  void receive(@Nullable FrameStream of, int bytes, boolean endOfStream) throws Http2Exception {
    FrameStream whole = connection.connectionStream();
    receive(whole, bytes);
    whole.processedWindow -= bytes;
    sendWindowUpdate(whole);
    if (of != null && of.state() != Http2Stream.State.CLOSED) {
      of.receivedAll = endOfStream;
      receive(of, bytes);
    }
  }

  private static void receive(FrameStream of, int bytes) throws Http2Exception {
    of.receiveWindow -= bytes;
    if (of.receiveWindow < of.receiveFloor) {
      throw Http2Exception.streamError(
          of.id(), Http2Error.FLOW_CONTROL_ERROR, "more DATA than the window of %s allows", of);
    }
  }

  @Override
  public boolean consumeBytes(@Nullable Http2Stream stream, int bytes) throws Http2Exception {
    if (bytes == 0 || stream == null || stream.state() == Http2Stream.State.CLOSED) {
      return false;
    }
    FrameStream of = (FrameStream) stream;
    if (of.processedWindow - bytes < of.receiveWindow) {
      throw Http2Exception.streamError(
          of.id(), Http2Error.INTERNAL_ERROR, "more bytes are given back than came on %s", of);
    }
    of.processedWindow -= bytes;
    return sendWindowUpdate(of);
  }

  /**
   * Sends a WINDOW_UPDATE once at least half of the window is used and passed on.
   *
   * @return whether a frame was sent
   */
  private boolean sendWindowUpdate(FrameStream of) throws Http2Exception {
    ChannelHandlerContext ctx = context;
    Http2FrameWriter writer = frames;
    if (of.receivedAll
        || of.processedWindow > of.mostReceived / 2
        || ctx == null
        || writer == null) {
      return false;
    }
    int more = of.mostReceived - of.processedWindow;
    if (more == 0) {
      return false;
    }
    add(of, more);
    var unused = writer.writeWindowUpdate(ctx, of.id(), more, ctx.newPromise());
    return true;
  }

  private static void add(FrameStream of, int more) throws Http2Exception {
    if (more > 0 && of.receiveWindow > Integer.MAX_VALUE - more) {
      throw Http2Exception.streamError(
          of.id(), Http2Error.FLOW_CONTROL_ERROR, "the window of %s is too large", of);
    }
    of.receiveWindow += more;
    of.processedWindow += more;
    of.receiveFloor = Math.min(0, more);
  }
}
