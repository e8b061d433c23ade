package dev.holdfast.gateway.http2.codec;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The send windows of a connection and its streams (RFC 9113, 5.2), and the frames that wait for
 * them. Ready streams share the capacity of the connection and the socket in round robin. The
 * frames of a stream stay in order.
 */
final class SendWindows implements Http2RemoteFlowController {
  private static final int DEFAULT_BYTES = 65_535;

  /** The smallest share of a stream in one round, so that many streams do not send tiny frames. */
  private static final int LEAST_SHARE = 1_024;

  /** The least capacity of a socket that is writable at all. */
  private static final int LEAST_ROOM = 32_768;

  private final FrameStreams connection;

  /** The queue of streams whose own window allows their first frame. */
  private final ArrayDeque<FrameStream> ready = new ArrayDeque<>(0);

  private @Nullable ChannelHandlerContext context;
  private int initialBytes = DEFAULT_BYTES;
  private boolean distributing;

  SendWindows(FrameStreams connection) {
    this.connection = connection;
  }

  /** Initializes the window of a stream or of the connection. */
  void begin(FrameStream stream) {
    stream.sendWindow = initialBytes;
  }

  @Override
  public void channelHandlerContext(ChannelHandlerContext ctx) {
    context = ctx;
    connection.connectionStream().sendWindow = DEFAULT_BYTES;
  }

  @Override
  public ChannelHandlerContext channelHandlerContext() {
    ChannelHandlerContext ctx = context;
    if (ctx == null) {
      throw new IllegalStateException("used before it was added to a pipeline");
    }
    return ctx;
  }

  @Override
  public void initialWindowSize(int newWindowSize) throws Http2Exception {
    int more = newWindowSize - initialBytes;
    initialBytes = newWindowSize;
    connection.forEachActiveStream(
        each -> {
          if (more > 0 && Integer.MAX_VALUE - more < windowSize(each)) {
            // Of the connection (RFC 9113, 6.9.2): SETTINGS are not those of one stream.
            throw Http2Exception.connectionError(
                Http2Error.FLOW_CONTROL_ERROR, "SETTINGS make the window of %s too large", each);
          }
          incrementWindowSize(each, more);
          return true;
        });
    if (more > 0 && isChannelWritable()) {
      writePendingBytes();
    }
  }

  @Override
  public int initialWindowSize() {
    return initialBytes;
  }

  @Override
  public int windowSize(Http2Stream stream) {
    return ((FrameStream) stream).sendWindow;
  }

  @Override
  public void incrementWindowSize(Http2Stream stream, int delta) throws Http2Exception {
    FrameStream of = (FrameStream) stream;
    if (delta > 0 && Integer.MAX_VALUE - delta < of.sendWindow) {
      throw Http2Exception.streamError(
          of.id(), Http2Error.FLOW_CONTROL_ERROR, "the window of %s is too large", of);
    }
    of.sendWindow += delta;
    queue(of);
  }

  @Override
  public void addFlowControlled(Http2Stream stream, FlowControlled frame) {
    FrameStream of = (FrameStream) stream;
    ArrayDeque<FlowControlled> frames = of.waiting;
    if (frames == null) {
      frames = new ArrayDeque<>(2);
      of.waiting = frames;
    }
    FlowControlled last = frames.peekLast();
    boolean leaving = of.writing && frames.size() == 1;
    if (last == null || leaving || !last.merge(channelHandlerContext(), frame)) {
      frames.add(frame);
      queue(of);
    }
  }

  @Override
  public boolean hasFlowControlled(Http2Stream stream) {
    return ((FrameStream) stream).isWaiting();
  }

  /** Whether any stream can be written as far as its own window allows. */
  boolean isReady() {
    return !ready.isEmpty();
  }

  @Override
  public boolean isWritable(Http2Stream stream) {
    return windowSize(stream) > 0 && !hasFlowControlled(stream) && isChannelWritable();
  }

  @Override
  public void writePendingBytes() throws Http2Exception {
    if (distributing || ready.isEmpty()) {
      return;
    }
    distributing = true;
    try {
      int room = room();
      boolean goesOn = true;
      while (goesOn) {
        goesOn = distribute(room) && !ready.isEmpty() && isChannelWritable();
        room = room();
        goesOn &= room > 0;
      }
    } finally {
      distributing = false;
    }
  }

  /**
   * Writes one share of each ready stream.
   *
   * @return false when there is no capacity left
   */
  private boolean distribute(int room) {
    int share = Math.max(LEAST_SHARE, room / ready.size());
    int left = room;
    for (int turns = ready.size(); turns > 0; turns--) {
      FrameStream stream = ready.peekFirst();
      FlowControlled next = stream == null ? null : stream.firstWaiting();
      if (stream == null) {
        return false;
      }
      if (next != null && next.size() > 0 && left == 0) {
        return false;
      }
      ready.removeFirst();
      stream.queued = false;
      left -= write(stream, Math.min(share, left));
      queue(stream);
    }
    return true;
  }

  /**
   * Writes waiting frames of a stream, as far as its window and the connection's allow.
   *
   * @param allowed the most bytes
   * @return the bytes that were written
   */
  private int write(FrameStream stream, int allowed) {
    FrameStream whole = connection.connectionStream();
    int left = allowed;
    stream.writing = true;
    try {
      for (FlowControlled next = stream.firstWaiting();
          next != null && !stream.cancelled;
          next = stream.firstWaiting()) {
        int most = Math.max(0, Math.min(left, Math.min(stream.sendWindow, whole.sendWindow)));
        int before = next.size();
        if (most == 0 && before > 0) {
          break;
        }
        next.write(channelHandlerContext(), most);
        int written = before - next.size();
        left -= written;
        stream.sendWindow -= written;
        whole.sendWindow -= written;
        if (next.size() == 0) {
          drop(stream);
          next.writeComplete();
        }
      }
    } finally {
      stream.writing = false;
    }
    if (stream.cancelled) {
      cancel(stream);
    }
    return allowed - left;
  }

  /** Stops sending on a stream: its waiting frames fail. */
  void cancel(FrameStream stream) {
    stream.cancelled = true;
    if (stream.writing || stream.waiting == null) {
      return;
    }
    if (stream.queued) {
      stream.queued = false;
      ready.remove(stream);
    }
    for (FlowControlled next = stream.firstWaiting(); next != null; next = stream.firstWaiting()) {
      drop(stream);
      next.error(
          channelHandlerContext(),
          Http2Exception.streamError(
              stream.id(), Http2Error.STREAM_CLOSED, "%s before all was sent", stream));
    }
    stream.waiting = null;
  }

  private void queue(FrameStream stream) {
    FlowControlled next = stream.queued || stream.cancelled ? null : stream.firstWaiting();
    if (next != null && (stream.sendWindow > 0 || next.size() == 0)) {
      stream.queued = true;
      ready.addLast(stream);
    }
  }

  private static void drop(FrameStream stream) {
    ArrayDeque<FlowControlled> frames = stream.waiting;
    if (frames != null) {
      frames.removeFirst();
    }
  }

  /** The capacity of the connection's window and the socket, in bytes. */
  private int room() {
    ChannelHandlerContext ctx = channelHandlerContext();
    long socket = ctx.channel().bytesBeforeUnwritable();
    if (socket > 0) {
      int lowMark = ctx.channel().config().getWriteBufferLowWaterMark();
      socket = Math.max(socket, Math.max(lowMark, LEAST_ROOM));
    }
    return (int) Math.max(0, Math.min(connection.connectionStream().sendWindow, socket));
  }

  private boolean isChannelWritable() {
    ChannelHandlerContext ctx = context;
    return ctx != null && ctx.channel().isWritable();
  }

  @Override
  public void channelWritabilityChanged() {
    // What waits is written with the flush that follows.
  }

  /** Does nothing: priorities are deprecated (RFC 9113, 5.3.2). */
  @Override
  public void updateDependencyTree(int child, int parent, short weight, boolean exclusive) {}

  @Override
  public void listener(@Nullable Listener listener) {
    throw new UnsupportedOperationException("flow controller listeners are not supported");
  }
}
