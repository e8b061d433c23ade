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
 * <p>A loop of Netty 4.2.18 closes them at the top of a turn, and ends at its bottom. Where it is
 * told to end within a turn that still has tasks to run, the top is not reached again: its channels
 * stay open with what they read and did not yet decode, and nobody hears of it.
 */
public final class ClosingLoops extends MultiThreadIoEventLoopGroup {
  private ClosingLoops(int threads, ThreadFactory names, IoHandlerFactory sockets) {
    super(threads, new ThreadPerTaskExecutor(names), sockets);
  }

  /** So many loops, each on a thread of this factory. */
  public static IoEventLoopGroup of(int threads, ThreadFactory names, IoHandlerFactory sockets) {
    return new ClosingLoops(threads, names, sockets);
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
