package dev.holdfast.liveness;

import dev.holdfast.core.CloseReason;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Watches one HTTP/2 connection; the first handler of its pipeline, before TLS and gRPC.
 *
 * <p>The shell around a {@link LivenessMonitor}: it notes what passes, sends PINGs, reads tcp_info,
 * and closes with a reason that the peer learns too. A read costs an assignment, a write another;
 * timers are shared by all connections of the event loop. One handler serves one channel, which may
 * belong to any HTTP/2 stack of Netty whose pipeline contains an {@link Http2ConnectionHandler}.
 */
// How a write or a close ends is told to the promise that was handed in.
@SuppressWarnings("FutureReturnValueIgnored")
public final class LivenessHandler extends ChannelDuplexHandler implements WatchedConnection {
  private static final SocketAddress NOWHERE = InetSocketAddress.createUnresolved("none", 0);

  private final LivenessOptions options;
  private final Staleness staleness;
  private final Function<ChannelHandlerContext, ConnectionObserver> observerOf;
  private final LivenessMeters meters;
  private final ConnectionRole connectionRole;

  private volatile @Nullable ChannelHandlerContext context;

  private final TimerWheel.Timer alarm =
      new TimerWheel.Timer() {
        @Override
        void fire() {
          onLoop(
              watch -> {
                long nowNanos = System.nanoTime();
                watch.onWoke(nowNanos, staleness.wokeNanos(nowNanos));
                watch.onTimeout(nowNanos);
              });
        }
      };

  private final GoAwayReason goAwayReason = new GoAwayReason();
  private final TcpProbes kernel = new TcpProbes();

  /** On the event loop only; null before the channel is registered. */
  private @Nullable LivenessMonitor monitor;

  private @Nullable Http2ConnectionHandler http2;
  private ConnectionObserver observer = ConnectionObserver.NONE;
  private LivenessState counted = LivenessState.CLOSED;
  private boolean ready;
  private boolean ended;
  private boolean writing;
  private @Nullable String evidence;

  private boolean asking; // as the monitor, which most reads and writes so need not touch
  private boolean heedsWrites; // the same
  private long sentNanos;
  private long frameNanos;
  private long pingNanos;
  private int pings;

  /**
   * A handler for one channel.
   *
   * @param observerOf who hears of the connection; asked on the event loop when the peer's SETTINGS
   *     were seen, or when the connection ends before that, for its failure only
   */
  public LivenessHandler(
      LivenessOptions options,
      Function<ChannelHandlerContext, ConnectionObserver> observerOf,
      LivenessMeters meters,
      ConnectionRole connectionRole) {
    this(options, observerOf, meters, connectionRole, Staleness.MACHINE);
  }

  /** As above, on another machine that may sleep. */
  public LivenessHandler(
      LivenessOptions options,
      Function<ChannelHandlerContext, ConnectionObserver> observerOf,
      LivenessMeters meters,
      ConnectionRole connectionRole,
      SleepDetector sleep) {
    this.options = options;
    this.staleness = new Staleness(options, sleep);
    this.observerOf = observerOf;
    this.meters = meters;
    this.connectionRole = connectionRole;
  }

  @Override
  public SocketAddress remoteAddress() {
    ChannelHandlerContext ctx = context;
    SocketAddress remote = ctx == null ? null : ctx.channel().remoteAddress();
    return remote == null ? NOWHERE : remote;
  }

  @Override
  public long lastReadNanos() {
    return staleness.lastReadNanos();
  }

  @Override
  public boolean isStale(long nowNanos) {
    return staleness.isStale(nowNanos);
  }

  /** Whether the peer is suspected to be gone. Costs one read. */
  public boolean isSuspect() {
    return staleness.isSuspect();
  }

  /** The reason of the end; empty before it. Asked on the event loop. */
  public Optional<CloseReason> closeReason() {
    return ended ? Optional.of(goAwayReason.orElse(CloseReason.CLOSED_BY_PEER)) : Optional.empty();
  }

  @Override
  public String evidence() {
    return evidence == null ? "" : evidence;
  }

  @Override
  public void checkLiveness() {
    onLoop(
        watch -> {
          if (watch.state() == LivenessState.SUSPECT) {
            // Told already; told again for those who asked meanwhile.
            observer.onSuspect(ConnectionCloser.reasonOf(watch));
          } else {
            long nowNanos = System.nanoTime();
            watch.onLivenessCheck(nowNanos, staleness.wokeNanos(nowNanos));
          }
        });
  }

  @Override
  public void replacement(ReplacementState state) {
    onLoop(watch -> watch.onReplacement(System.nanoTime(), state));
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
    if (ctx.channel().isRegistered()) {
      begin(ctx);
    }
    if (ctx.channel().isActive()) {
      kernel.configure(ctx, options.tcp());
    }
  }

  @Override
  public void channelRegistered(ChannelHandlerContext ctx) {
    begin(ctx);
    ctx.fireChannelRegistered();
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    kernel.configure(ctx, options.tcp());
    ctx.fireChannelActive();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    long nowNanos = System.nanoTime();
    staleness.onRead(nowNanos);
    LivenessMonitor watch = monitor;
    if (watch == null) {
      ctx.fireChannelRead(message);
      return;
    }
    if (asking) {
      tellTraffic(watch, nowNanos);
      act(ctx, watch);
    }
    if (!ready) {
      findHttp2(ctx);
    }
    ctx.fireChannelRead(message);
    if (!ready) {
      lookForSettings(ctx, watch);
    }
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    writing = true;
    ctx.write(message, promise);
  }

  @Override
  public void flush(ChannelHandlerContext ctx) {
    ctx.flush();
    if (writing) {
      writing = false;
      onSent(ctx, System.nanoTime());
    }
  }

  /**
   * Bytes came past the pipeline, to an HTTP/2 stack that reads a plain socket itself. On the event
   * loop.
   *
   * @return whether they may be read there; else they go through the pipeline: the peer's SETTINGS
   *     were not seen yet, or an answer is awaited
   */
  public boolean onReadPast(long nowNanos) {
    if (!ready || asking) {
      return false;
    }
    staleness.onRead(nowNanos);
    return true;
  }

  /**
   * Bytes were written to the socket; only who writes past the pipeline need say so. On the event
   * loop.
   *
   * @param ctx of any handler of the same channel
   */
  public void onSent(ChannelHandlerContext ctx, long nowNanos) {
    sentNanos = nowNanos;
    LivenessMonitor watch = monitor;
    if (heedsWrites && watch != null) {
      tellTraffic(watch, nowNanos);
      watch.onWritten(nowNanos);
      rearm(ctx, watch);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    CloseReason why =
        ConnectionCloser.reasonOf(cause, goAwayReason.isGoAwayReceived() && openCalls() == 0);
    if (why != null && evidence == null) {
      evidence = CloseEvidence.ofSocket(cause);
    }
    ConnectionCloser.tell(ctx, http2, why == null ? cause : failure(ctx, goAwayReason.orElse(why)));
  }

  @Override
  public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
    goAwayReason.orElse(CloseReason.CLOSED_HERE);
    ctx.close(promise);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    boolean untold = connectionRole == ConnectionRole.CLIENT && goAwayReason.isUntold(openCalls());
    end(ctx);
    if (untold) {
      ConnectionCloser.tell(
          ctx, http2, failure(ctx, goAwayReason.orElse(CloseReason.CLOSED_BY_PEER)));
    }
    ctx.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    end(ctx);
  }

  /** Counts a HEADERS or DATA frame of the peer as traffic. */
  void onCallFrame() {
    frameNanos = staleness.lastReadNanos();
  }

  /** A PING of ours was answered. */
  void onOwnAnswer(long payload) {
    if (monitor != null) {
      long nowNanos = System.nanoTime();
      boolean last = payload == LivenessFrameListener.payload(pings);
      monitor.onAnswered(nowNanos, last ? nowNanos - pingNanos : 0);
    }
  }

  void onForeignAnswer() {
    if (monitor != null) {
      monitor.onForeignAnswered(System.nanoTime());
    }
  }

  private void begin(ChannelHandlerContext ctx) {
    if (monitor != null || ended) {
      return;
    }
    long nowNanos = System.nanoTime();
    staleness.onRead(nowNanos);
    sentNanos = nowNanos;
    frameNanos = nowNanos;
    LivenessMonitor watch =
        new LivenessMonitor(nowNanos, options, connectionRole, kernel.hasTcpInfo(ctx));
    monitor = watch;
    counted = meters.opened();
    staleness.followSleep(TimerWheel.of(ctx.channel().eventLoop()));
    rearm(ctx, watch);
  }

  /** TLS and gRPC's negotiation put it into the pipeline later than us. */
  private void findHttp2(ChannelHandlerContext ctx) {
    if (http2 == null) {
      http2 = LivenessFrameListener.install(ctx.pipeline(), this, goAwayReason);
    }
  }

  private void lookForSettings(ChannelHandlerContext ctx, LivenessMonitor watch) {
    findHttp2(ctx);
    if (ready || ended || http2 == null || !http2.decoder().prefaceReceived()) {
      return;
    }
    ready = true;
    observer = observerOf.apply(ctx);
    watch.onSettings(System.nanoTime());
    observer.onReady(this);
    act(ctx, watch);
  }

  private void tellTraffic(LivenessMonitor watch, long nowNanos) {
    watch.onTraffic(nowNanos, staleness.lastReadNanos(), sentNanos, frameNanos, openCalls());
  }

  private int openCalls() {
    return http2 == null ? 0 : http2.connection().numActiveStreams();
  }

  private void onLoop(Consumer<LivenessMonitor> input) {
    ChannelHandlerContext ctx = context;
    if (ctx == null || !ctx.channel().isOpen()) {
      return;
    }
    if (!ctx.executor().inEventLoop()) {
      ctx.executor().execute(() -> onLoop(input));
      return;
    }
    LivenessMonitor watch = monitor;
    if (watch != null && !ended) {
      tellTraffic(watch, System.nanoTime());
      input.accept(watch);
      act(ctx, watch);
    }
  }

  /** Does what the monitor wants done, and sets the timer. */
  private void act(ChannelHandlerContext ctx, LivenessMonitor watch) {
    for (LivenessOutput next = watch.poll(); next != null; next = watch.poll()) {
      switch (next) {
        case TCP_KEEPALIVE_PROBE -> {
          meters.tcpKeepaliveProbed();
          kernel.begin(ctx);
        }
        case PROBE -> probe(ctx);
        case READ_TCP_INFO -> watch.onTcpInfo(System.nanoTime(), kernel.read(ctx, options.tcp()));
        case PROVEN -> onProven(ctx);
        case SUSPECT -> onSuspect(watch);
        case CLOSE -> close(ctx, watch);
      }
    }
    counted = meters.moved(counted, watch.state());
    rearm(ctx, watch);
  }

  private void rearm(ChannelHandlerContext ctx, LivenessMonitor watch) {
    asking = watch.isAwaitingAnswer();
    heedsWrites = watch.needsWriteEvents();
    if (!ended && watch.state() != LivenessState.CLOSED) {
      TimerWheel.of(ctx.channel().eventLoop()).fireBy(alarm, watch.nextDeadlineNanos());
    }
  }

  private void probe(ChannelHandlerContext ctx) {
    long nowNanos = System.nanoTime();
    if (LivenessFrameListener.ping(ctx.pipeline(), http2, pings + 1)) {
      pings++;
      pingNanos = nowNanos;
      meters.probed();
    }
  }

  private void onProven(ChannelHandlerContext ctx) {
    kernel.end(ctx, options.tcp());
    if (staleness.isSuspect()) {
      staleness.suspect(false);
      meters.recovered(connectionRole, remoteAddress());
    }
    // An ACK may have been the proof; it makes the connection fit for calls as bytes do.
    staleness.onRead(System.nanoTime());
    observer.onProven();
  }

  private void onSuspect(LivenessMonitor watch) {
    staleness.suspect(true);
    CloseReason why = ConnectionCloser.reasonOf(watch);
    meters.suspected(connectionRole, why, remoteAddress());
    observer.onSuspect(why);
  }

  private void close(ChannelHandlerContext ctx, LivenessMonitor watch) {
    CloseReason why = ConnectionCloser.reasonOf(watch);
    goAwayReason.onLocalClose(why);
    long silentNanos = System.nanoTime() - staleness.lastReadNanos();
    evidence = CloseEvidence.ofKernel(kernel.read(ctx, options.tcp()), silentNanos);
    meters.closing(connectionRole, why, remoteAddress());
    ConnectionCloser.close(ctx, http2, why.describe(remoteAddress()), failure(ctx, why));
  }

  /** The failure of open calls, with the close reason that the log and the meter have. */
  private Throwable failure(ChannelHandlerContext ctx, CloseReason why) {
    return (ready ? observer : observerOf.apply(ctx)).failure(why, remoteAddress());
  }

  private void end(ChannelHandlerContext ctx) {
    if (ended) {
      return;
    }
    ended = true;
    staleness.suspect(true);
    if (monitor != null) {
      TimerWheel.of(ctx.channel().eventLoop()).cancel(alarm);
      monitor.onClosed();
      counted = meters.moved(counted, LivenessState.CLOSED);
    }
    CloseReason why = goAwayReason.orElse(CloseReason.CLOSED_BY_PEER);
    meters.closed(connectionRole, why, remoteAddress());
    if (ready) {
      observer.onClosed(why);
    }
  }
}
