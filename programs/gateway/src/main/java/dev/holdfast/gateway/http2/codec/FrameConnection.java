package dev.holdfast.gateway.http2.codec;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.gateway.socket.GatewayEpollIoHandler;
import dev.holdfast.gateway.socket.LingeringClose;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2LocalFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/2 connection of the gateway, of a client or to an upstream.
 *
 * <p>Flushes are collected per event loop. Bytes that were read here and are not yet written to the
 * other side are counted, and given back to the sender's window when they are.
 */
// How a write ends shows in the promise that was handed in, or in the end of the connection.
@SuppressWarnings("FutureReturnValueIgnored")
public abstract class FrameConnection extends Http2ConnectionHandler {
  /**
   * Looks at the pipeline before it is left as it is: detection handlers leave it a little later.
   */
  @Limit(
      of = "reads of a connection after which a way to its socket past the pipeline is looked for",
      then = "its frames go through the pipeline")
  private static final int MOST_SEARCHES = 4;

  /** The largest ratio of a kept buffer to its frame: only the frame is charged to the account. */
  @Limit(
      of = "size of a buffer with a frame that is kept or waits, as a multiple of the frame",
      then = "the frame is copied")
  static final int MOST_SPARE = 2;

  @Limit(
      of = "time in which a client that was told to leave for its resets has one turn",
      then = "what it sends beyond that waits")
  static final Duration SLOWED = Duration.ofMillis(100);

  /** The output list of Netty's decoder, to which HTTP/2 adds no message. */
  private static final List<Object> NOTHING = List.of();

  private final Http2Codec codec;
  private final Http2Connection connection;
  private final LoopResources loopResources;
  private final int windowBytes;
  private final TurnBudget budget;
  private @Nullable ChannelHandlerContext context;
  private @Nullable FrameBatch batch;
  private @Nullable DirectSocket direct;
  private int searches;
  private int turnBytes;
  private boolean flushWanted;
  private boolean blamed;
  private boolean putOff;
  private boolean slowed;

  public FrameConnection(Http2Codec codec, LoopResources loopResources, int windowBytes) {
    super(codec.decoder(), codec.encoder(), codec.settings(), true);
    this.codec = codec;
    this.connection = codec.connection();
    this.budget = codec.decoder().budget();
    this.loopResources = loopResources;
    this.windowBytes = windowBytes;
  }

  /** The streams of the connection. In place of Netty's, which asks all decorators of a codec. */
  @Override
  public final Http2Connection connection() {
    return connection;
  }

  /** Sets the listener for the peer's frames and the ends of streams; called once, at first. */
  protected final void listen(CallFrameListener listener) {
    codec.listen(listener);
  }

  /** The open stream with this identifier; null if there is none. */
  public final @Nullable CallStream stream(int id) {
    return codec.stream(id);
  }

  /** Visits the open streams, in no order. */
  public final void forEachStream(Consumer<CallStream> visitor) {
    try {
      connection()
          .forEachActiveStream(
              stream -> {
                CallStream open = stream(stream.id());
                if (open != null) {
                  visitor.accept(open);
                }
                return true;
              });
    } catch (Http2Exception e) {
      throw new IllegalStateException("to look at streams can't fail", e);
    }
  }

  /** Opens a stream of this side. */
  protected final CallStream openLocal(int id) throws Http2Exception {
    return codec.openLocal(id);
  }

  /**
   * Opens a stream of the peer whose headers could not be read, so that it can be answered.
   *
   * @param ended whether the headers end the stream
   */
  public final CallStream openRemote(int id, boolean ended) throws Http2Exception {
    return codec.openRemote(id, ended);
  }

  /** Whether DATA that is kept, or has to wait, would hold much more memory than its bytes. */
  public static boolean isMostlySpare(ByteBuf data) {
    ByteBuf whole = data;
    for (ByteBuf under = whole.unwrap(); under != null; under = whole.unwrap()) {
      whole = under;
    }
    return whole.capacity() > MOST_SPARE * data.readableBytes();
  }

  /** The context; there is one as soon as the handler was added. */
  public final ChannelHandlerContext context() {
    ChannelHandlerContext ctx = context;
    if (ctx == null) {
      throw new IllegalStateException("used before it was added to a pipeline");
    }
    return ctx;
  }

  public final Channel channel() {
    return context().channel();
  }

  public final boolean hasChannel() {
    return context != null;
  }

  /** Everything written so far goes out when the loop is done with what it reads. */
  public final void flushLater() {
    if (!flushWanted) {
      flushWanted = true;
      loopResources.flushes().add(this);
    }
  }

  final void flushNow() {
    flushWanted = false;
    FrameBatch written = batch;
    try {
      if (written != null && !codec.isReady() && written.flushDirect()) {
        return;
      }
      flush(context());
    } catch (RuntimeException e) {
      // Others of the loop have to be flushed, too.
      onError(context(), true, e);
    }
    if (!channel().isWritable()) {
      closeIfUnread();
    }
  }

  /** Sets the receiver of the stream's frames. */
  public final void attach(CallStream stream, Object taker) {
    stream.taker = taker;
  }

  public final void detach(CallStream stream) {
    stream.taker = null;
  }

  /** The receiver of the stream's frames, whose type the caller knows; null for none. */
  final @Nullable public Object attached(@Nullable CallStream stream) {
    return stream == null ? null : stream.taker;
  }

  /** Sets the account that is charged for bytes read on the stream from now on. */
  public final void charge(CallStream stream, MemoryAccount account) {
    stream.account = account;
  }

  /** Bytes that were read wait for the other side. */
  public final void keep(CallStream stream, int bytes) {
    MemoryAccount account = stream.account;
    if (account != null) {
      account.charge(bytes);
    }
  }

  /** Bytes that were kept were passed on or dropped: their sender may send as many again. */
  public final void giveBack(CallStream stream, int bytes) {
    MemoryAccount account = stream.account;
    if (account != null) {
      account.credit(bytes);
    }
    try {
      if (codec.giveBack(stream, bytes)) {
        flushLater();
      }
    } catch (Http2Exception e) {
      onError(context(), true, e);
    }
  }

  /** The listener that gives these bytes back when a write on another connection ends. */
  public final WriteListener windowCredit(CallStream stream, int bytes) {
    return new WindowCredit(this, stream, bytes);
  }

  /**
   * Sends headers behind what was sent before.
   *
   * @param hearer of them; null for nobody
   */
  public final void send(
      CallStream stream, Http2Headers headers, boolean end, @Nullable WriteListener hearer) {
    codec.send(context(), stream, headers, end, hearer);
    flushLater();
  }

  /**
   * Sends DATA behind what was sent before and when its windows allow it.
   *
   * @param data stays its caller's
   * @param hearer of it, also when it is dropped; null for nobody
   */
  public final void send(
      CallStream stream, ByteBuf data, boolean end, @Nullable WriteListener hearer) {
    codec.send(context(), stream, data, end, hearer);
    flushLater();
  }

  /** The objects that all connections of the event loop share. */
  public final LoopResources loopResources() {
    return loopResources;
  }

  /** Ends the stream at once; what waits to be written on it is dropped. */
  public final void reset(CallStream stream, long code) {
    resetStream(context(), stream.id(), code, context().newPromise());
    flushLater();
  }

  /** As above; what waits is dropped at once, also when the peer reads nothing. */
  public final void discard(CallStream stream, long code) {
    reset(stream, code);
    codec.stopSending(stream);
  }

  /** Stops sending on a stream that stays open: what waits to be written on it is dropped. */
  public final void stopSending(CallStream stream) {
    codec.stopSending(stream);
  }

  /** As above, also for a stream that is over. */
  public final void reset(int stream, long code) {
    resetStream(context(), stream, code, context().newPromise());
    flushLater();
  }

  /** The size of the header block that was read last, in bytes. */
  protected final int blockBytes() {
    return codec.blockBytes();
  }

  /** Sets the owner of received headers: equal for clients that are the same to upstreams. */
  protected final void owner(Object whose) {
    codec.owner(whose);
  }

  /**
   * Handles an error. Frames that waited on a stream that was closed are none: their listeners were
   * told.
   */
  @Override
  public void onError(ChannelHandlerContext ctx, boolean outbound, Throwable cause) {
    boolean dropped =
        outbound
            && cause instanceof Http2Exception.StreamException frames
            && frames.error() == Http2Error.STREAM_CLOSED;
    if (!dropped) {
      super.onError(ctx, outbound, cause);
    }
  }

  /**
   * Handles headers that are malformed (RFC 9113, 8.1.1) or too large, of a stream alone, and drops
   * late frames of a stream that was closed on this side (RFC 9113, 5.1).
   */
  @Override
  protected void onStreamError(
      ChannelHandlerContext ctx,
      boolean outbound,
      Throwable cause,
      Http2Exception.StreamException e) {
    int id = e.streamId();
    if (e.getCause() instanceof RejectedHeadersException rejected && isAnswered(id, rejected)) {
      return;
    }
    if (!outbound && e.error() == Http2Error.REFUSED_STREAM) {
      codec.onRefused(id);
    }
    boolean over =
        !outbound && e.error() == Http2Error.STREAM_CLOSED && connection().stream(id) == null;
    if (over) {
      onLateFrame(e);
    } else {
      super.onStreamError(ctx, outbound, cause, e);
    }
  }

  private boolean isAnswered(int id, RejectedHeadersException rejected) {
    boolean ended = codec.decoder().endsWithBlock();
    if (rejected.isLarge()) {
      return onLargeHeaders(id, rejected.isGrpc(), ended);
    }
    String fault = String.valueOf(rejected.getMessage());
    return !connection().streamMayHaveExisted(id)
        && onMalformedHeaders(id, rejected.isGrpc(), ended, fault);
  }

  /**
   * Called for malformed headers that would have opened a stream.
   *
   * @param grpc whether the headers before the fault identify a gRPC call
   * @param ended whether the headers end the stream
   * @return whether the stream was ended, so that the caller need not reset it
   */
  protected boolean onMalformedHeaders(int id, boolean grpc, boolean ended, String fault) {
    return false;
  }

  /**
   * Called for headers above the limit.
   *
   * @param grpc whether the headers before the limit identify a gRPC call
   * @param ended whether the headers end the stream
   * @return whether the stream was ended, so that the caller need not reset it
   */
  protected boolean onLargeHeaders(int id, boolean grpc, boolean ended) {
    return false;
  }

  /** Whether frames on closed streams are judged; if not, each is dropped without a word. */
  protected boolean judgesLateFrames() {
    return false;
  }

  /**
   * Closes the connection of a client that sends after its END_STREAM, or on a skipped stream
   * number (RFC 9113, 5.1 and 5.1.1).
   */
  private void onLateFrame(Http2Exception.StreamException frame) {
    if (!judgesLateFrames()) {
      return;
    }
    switch (codec.closedStreams().judge(frame.streamId())) {
      case LATE -> {}
      case AFTER_END -> endFor(Http2Error.STREAM_CLOSED, frame);
      case IMPLICITLY_CLOSED -> endFor(Http2Error.PROTOCOL_ERROR, frame);
      // Not counted as an error: clients that cancel many calls do so with DATA under way.
      case AFTER_RESET -> reset(frame.streamId(), Http2Error.STREAM_CLOSED.code());
    }
  }

  private void endFor(Http2Error error, Http2Exception frame) {
    onError(context(), false, Http2Exception.connectionError(error, "%s", frame.getMessage()));
  }

  @Override
  protected void onConnectionError(
      ChannelHandlerContext ctx, boolean outbound, Throwable cause, @Nullable Http2Exception e) {
    if (e != null && e.error() == Http2Error.ENHANCE_YOUR_CALM && !blamed) {
      blamed = true;
      loopResources
          .meters()
          .met(e instanceof LimitExceededException known ? known.limit() : MetLimit.FLOOD);
    }
    if (e == null) {
      loopResources.meters().faults().onClosed(cause);
    }
    super.onConnectionError(ctx, outbound, cause, e);
  }

  /** DATA waits for the peer's window, but headers don't: a peer that reads nothing is cut off. */
  private void closeIfUnread() {
    boolean deaf = channel().isActive() && channel().bytesBeforeWritable() > windowBytes;
    // Where the output has ended nothing is writable, and nothing waits.
    if (deaf && !blamed && !LingeringClose.isBegun(channel())) {
      blamed = true;
      loopResources.meters().met(MetLimit.UNREAD);
      context().close();
    }
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
    context = ctx;
    FrameBatch frames = codec.batch();
    if (frames != null) {
      batch = frames;
      ctx.pipeline().addBefore(ctx.name(), null, frames);
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
  public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
    ByteBuf bytes = (ByteBuf) message;
    turnBytes += bytes.readableBytes();
    completeFrame(ctx, bytes);
    super.channelRead(ctx, bytes);
    putOffIfSpent();
  }

  /**
   * Completes the frame of which a part waits, so that what follows is read where it stands: behind
   * a part of a frame Netty copies all that has come. That was a copy of each read of large
   * messages, in a buffer of twice the size.
   */
  private void completeFrame(ChannelHandlerContext ctx, ByteBuf bytes) throws Exception {
    boolean done = false;
    try {
      int rest = restOfFrame();
      while (rest > 0 && rest < bytes.readableBytes()) {
        super.channelRead(ctx, bytes.readRetainedSlice(rest));
        rest = restOfFrame();
      }
      done = true;
    } finally {
      if (!done) {
        bytes.release();
      }
    }
  }

  /** The bytes that complete what waits; 0 for none. */
  private int restOfFrame() {
    // Netty's own decoder takes the header away from the part.
    boolean known = batch != null && decoder().prefaceReceived() && hasPartOfFrame();
    return known ? FrameDecoder.restOf(internalBuffer()) : 0;
  }

  /**
   * In place of Netty's, which looks at all open streams for one that waits: with thousands of
   * them, and a socket that fills up again and again, that took more time than all else.
   */
  @Override
  public final void channelWritabilityChanged(ChannelHandlerContext ctx) throws Exception {
    if (ctx.channel().isWritable() && codec.isReady()) {
      flush(ctx);
    }
    encoder().flowController().channelWritabilityChanged();
    ctx.fireChannelWritabilityChanged();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    discardSomeReadBytes();
    DirectSocket socket = direct;
    if (socket != null) {
      socket.onTurn(turnBytes);
    } else if (searches < MOST_SEARCHES && decoder().prefaceReceived()) {
      searches++;
      findDirect(ctx);
    }
    onReadComplete();
    ctx.fireChannelReadComplete();
  }

  /** Whether the beginning of a frame waits for the rest of it. */
  final boolean hasPartOfFrame() {
    return actualReadableBytes() > 0;
  }

  /** Reads frames past the pipeline; what is no whole frame yet is copied. */
  final void onBytes(ByteBuf bytes) throws Exception {
    turnBytes += bytes.readableBytes();
    int before = 0;
    while (bytes.isReadable() && bytes.readableBytes() != before) {
      before = bytes.readableBytes();
      decode(context(), bytes, NOTHING);
    }
    if (bytes.isReadable()) {
      super.channelRead(context(), context().alloc().buffer().writeBytes(bytes));
    }
    putOffIfSpent();
  }

  /** From now on its frames are handled at a rate that costs nobody much. */
  public final void slowDown() {
    slowed = true;
  }

  /** Stops reading when the budget of the turn is spent, until other connections had theirs. */
  private void putOffIfSpent() {
    if (!putOff && budget.isSpent() && (slowed || hasPartOfFrame())) {
      putOff = true;
      channel().config().setAutoRead(false);
      goOnLater();
    }
  }

  private void goOnLater() {
    GatewayEpollIoHandler sockets = GatewayEpollIoHandler.current();
    if (slowed || sockets == null) {
      long nanos = slowed ? SLOWED.toNanos() : 1;
      var unused = context().executor().schedule(this::resumeReading, nanos, TimeUnit.NANOSECONDS);
    } else {
      sockets.defer(this::resumeReading);
    }
  }

  private void resumeReading() {
    if (context().isRemoved() || !channel().isActive()) {
      return;
    }
    budget.renew();
    try {
      super.channelRead(context(), Unpooled.EMPTY_BUFFER);
    } catch (Exception e) {
      onError(context(), false, e);
    }
    if (budget.isSpent() && hasPartOfFrame()) {
      goOnLater();
    } else {
      putOff = false;
      discardSomeReadBytes();
      channel().config().setAutoRead(true);
    }
    onReadComplete();
  }

  /** For now nothing more comes. */
  final void onReadComplete() {
    turnBytes = 0;
    if (!putOff && !slowed) {
      budget.renew();
    }
    FrameBatch written = batch;
    if (written == null || written.isUnflushed()) {
      flushLater();
    }
  }

  /** Soon after the first SETTINGS nothing but liveness is before us any more, unless it stays. */
  private void findDirect(ChannelHandlerContext ctx) {
    FrameBatch written = batch;
    if (written != null) {
      direct = DirectSocket.of(this, ctx, written);
      written.direct(direct);
    }
  }

  /** The window of the connection is refilled at once; that of each stream is what holds back. */
  private void openWindow() throws Http2Exception {
    Http2LocalFlowController windows = connection().local().flowController();
    Http2Stream whole = connection().connectionStream();
    int more = windowBytes - windows.initialWindowSize(whole);
    if (more > 0) {
      windows.incrementWindowSize(whole, more);
      flushLater();
    }
  }
}
