package dev.holdfast.gateway.socket;

import io.netty.channel.Channel;
import io.netty.channel.IoEvent;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Netty's epoll, of which a socket stays a part while nothing is wanted of it; with a word for
 * those who read their socket themselves, and one at the end of each turn.
 *
 * <p>Netty 4.2.18 takes a socket out of epoll when it wants neither to read nor to write nor to
 * hear of an end, and does not put it back: the next read or write that has to wait fails with
 * ENOENT and what was to be written is lost. A connection that one side has ended, and that waits
 * for a slow reader, comes there. So "nothing" is said as EPOLLET alone, which reports nothing but
 * errors, once.
 *
 * <p>One serves one event loop; everything but {@link #wakeup} happens on its thread.
 */
public final class GatewayEpollIoHandler implements IoHandler {
  private static final int READABLE = EpollIoOps.EPOLLIN.value();
  private static final FastThreadLocal<@Nullable GatewayEpollIoHandler> MINE =
      new FastThreadLocal<>();

  /** However many were put off: sockets that are ready don't wait longer for them. */
  private static final long PUT_OFF_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final IoHandler epoll;

  /** Tasks put off to a later turn, in the order in which they run. */
  private final ArrayDeque<Runnable> defer = new ArrayDeque<>();

  /**
   * By descriptor: Netty does not always say when a socket is gone, but the next takes its place.
   */
  private final IntObjectHashMap<Ready> sockets = new IntObjectHashMap<>();

  private boolean turning;
  private boolean timed;
  private long turnNanos;
  private @Nullable Runnable last;

  private GatewayEpollIoHandler(IoHandler epoll) {
    this.epoll = epoll;
  }

  /** For event loops on Linux. */
  public static IoHandlerFactory newFactory() {
    IoHandlerFactory factory = EpollIoHandler.newFactory();
    return executor -> new GatewayEpollIoHandler(factory.newHandler(executor));
  }

  /** That of the event loop whose thread asks; null on other threads, and where there is none. */
  public static @Nullable GatewayEpollIoHandler current() {
    return MINE.get();
  }

  /**
   * Lets somebody read a socket before Netty does.
   *
   * @return whether that is possible: the channel is one of this loop's
   */
  public boolean listen(Channel channel, ReadinessListener listener) {
    Ready ready =
        channel.unsafe() instanceof EpollIoHandle socket
            ? sockets.get(socket.fd().intValue())
            : null;
    if (ready == null || ready.channel != channel.unsafe()) {
      return false;
    }
    ready.listener = listener;
    return true;
  }

  /**
   * Runs a task when all that is ready has been handled.
   *
   * @return whether it will be: sockets are being handled, and nobody else asked for the same
   */
  public boolean atEndOfTurn(Runnable task) {
    if (!turning || last != null) {
      return false;
    }
    last = task;
    return true;
  }

  /**
   * Runs a task in one of the next turns, behind the sockets that are ready then. Those who wait
   * take turns; all of them together get a millisecond of each. On the event loop.
   */
  public void defer(Runnable task) {
    defer.add(task);
  }

  /**
   * As {@link System#nanoTime}; on an event loop the time at which its turn began to ask, since a
   * call asks a dozen times, and the clock costs more than it tells within a turn.
   */
  public static long nanoTime() {
    GatewayEpollIoHandler mine = MINE.get();
    return mine == null ? System.nanoTime() : mine.turnNanos();
  }

  private long turnNanos() {
    if (!timed) {
      timed = true;
      turnNanos = System.nanoTime();
    }
    return turnNanos;
  }

  @Override
  public IoRegistration register(IoHandle handle) throws Exception {
    if (handle instanceof EpollIoHandle socket && handle instanceof Channel.Unsafe) {
      return new Kept(epoll.register(new Ready(socket)));
    }
    return new Kept(epoll.register(handle));
  }

  @Override
  public void initialize() {
    MINE.set(this);
    epoll.initialize();
  }

  @Override
  public int run(IoHandlerContext context) {
    turning = true;
    timed = false;
    int due = defer.size();
    try {
      int handled = epoll.run(due == 0 ? context : new Unblocked(context));
      goOn(due);
      return handled;
    } finally {
      turning = false;
      Runnable task = last;
      if (task != null) {
        last = null;
        task.run();
      }
    }
  }

  /** No more than there were when the turn began: what is put off again is the next turn's. */
  private void goOn(int due) {
    if (due == 0) {
      return;
    }
    long began = System.nanoTime();
    for (int left = due; left > 0; left--) {
      Runnable task = defer.poll();
      if (task == null) {
        return;
      }
      task.run();
      if (System.nanoTime() - began > PUT_OFF_NANOS) {
        return;
      }
    }
  }

  @Override
  public void prepareToDestroy() {
    epoll.prepareToDestroy();
  }

  @Override
  public void destroy() {
    epoll.destroy();
  }

  @Override
  public void wakeup() {
    epoll.wakeup();
  }

  @Override
  public boolean isCompatible(Class<? extends IoHandle> handleType) {
    return epoll.isCompatible(handleType);
  }

  /** A channel's socket, whose listener is asked first. */
  private final class Ready implements EpollIoHandle {
    private final EpollIoHandle channel;
    private final int descriptor;
    private @Nullable ReadinessListener listener;

    Ready(EpollIoHandle channel) {
      this.channel = channel;
      this.descriptor = channel.fd().intValue();
    }

    @Override
    public FileDescriptor fd() {
      return channel.fd();
    }

    @Override
    public void handle(IoRegistration registration, IoEvent event) {
      ReadinessListener first = listener;
      boolean taken =
          first != null && ((EpollIoEvent) event).ops().value() == READABLE && first.onReadable();
      if (!taken) {
        channel.handle(registration, event);
      }
    }

    @Override
    public void registered() {
      sockets.put(descriptor, this);
      channel.registered();
    }

    @Override
    public void unregistered() {
      listener = null;
      if (sockets.get(descriptor) == this) {
        sockets.remove(descriptor);
      }
      channel.unregistered();
    }

    @Override
    public void close() throws Exception {
      channel.close();
    }
  }

  /** Does not wait for sockets, since somebody goes on anyway. */
  private record Unblocked(IoHandlerContext context) implements IoHandlerContext {
    @Override
    public boolean canBlock() {
      return false;
    }

    @Override
    public long delayNanos(long currentTimeNanos) {
      return context.delayNanos(currentTimeNanos);
    }

    @Override
    public long deadlineNanos() {
      return context.deadlineNanos();
    }

    @Override
    public void reportActiveIoTime(long activeNanos) {
      context.reportActiveIoTime(activeNanos);
    }

    @Override
    public boolean shouldReportActiveIoTime() {
      return context.shouldReportActiveIoTime();
    }
  }

  /** Not before something was wanted: a socket that is not connected yet would report its end. */
  private static final class Kept implements IoRegistration {
    private static final long CANCELLED = -1;

    private final IoRegistration registration;
    private boolean added;

    Kept(IoRegistration registration) {
      this.registration = registration;
    }

    @Override
    public long submit(IoOps ops) {
      boolean nothing = EpollIoOps.NONE.equals(ops);
      added |= !nothing;
      if (nothing && added) {
        return registration.submit(EpollIoOps.EPOLLET) == CANCELLED ? CANCELLED : 0;
      }
      return registration.submit(ops);
    }

    // Netty's interface has it so.
    @SuppressWarnings("TypeParameterUnusedInFormals")
    @Override
    public <T> T attachment() {
      return registration.attachment();
    }

    @Override
    public boolean isValid() {
      return registration.isValid();
    }

    @Override
    public boolean cancel() {
      return registration.cancel();
    }
  }
}
