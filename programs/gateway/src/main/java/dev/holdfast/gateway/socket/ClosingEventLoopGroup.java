package dev.holdfast.gateway.socket;

import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.util.concurrent.ThreadPerTaskExecutor;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;

/**
 * Event loops that close their channels before they end.
 *
 * <p>Netty 4.2.18 closes the channels at the beginning of a turn, and ends the loop at the end of
 * one. A loop that is shut down within a turn with more tasks does not begin another turn. Its
 * channels then stay open, with bytes that were read but not decoded, and no handler is told.
 */
public final class ClosingEventLoopGroup extends MultiThreadIoEventLoopGroup {
  private ClosingEventLoopGroup(int threads, ThreadFactory names, IoHandlerFactory sockets) {
    super(threads, new ThreadPerTaskExecutor(names), sockets);
  }

  /** Creates event loops, each on a thread of this factory. */
  public static IoEventLoopGroup of(int threads, ThreadFactory names, IoHandlerFactory sockets) {
    return new ClosingEventLoopGroup(threads, names, sockets);
  }

  @Override
  protected IoEventLoop newChild(Executor executor, IoHandlerFactory sockets, Object... args) {
    return new ClosingLoop(this, executor, sockets);
  }

  private static final class ClosingLoop extends SingleThreadIoEventLoop {
    ClosingLoop(IoEventLoopGroup parent, Executor executor, IoHandlerFactory sockets) {
      super(parent, executor, sockets);
    }

    @Override
    protected boolean confirmShutdown() {
      if (isShuttingDown()) {
        ioHandler().prepareToDestroy();
      }
      return super.confirmShutdown();
    }
  }
}
