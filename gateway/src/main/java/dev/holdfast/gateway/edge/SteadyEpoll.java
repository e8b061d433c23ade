package dev.holdfast.gateway.edge;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;

/**
 * Netty's epoll, of which a socket stays a part while nothing is wanted of it.
 *
 * <p>Netty 4.2.18 takes a socket out of epoll when it wants neither to read nor to write nor to
 * hear of an end, and does not put it back: the next read or write that has to wait fails with
 * ENOENT and what was to be written is lost. A connection that one side has ended, and that waits
 * for a slow reader, comes there. So "nothing" is said as EPOLLET alone, which reports nothing but
 * errors, once.
 */
public final class SteadyEpoll implements IoHandler {
  private final IoHandler epoll;

  private SteadyEpoll(IoHandler epoll) {
    this.epoll = epoll;
  }

  /** For event loops on Linux. */
  public static IoHandlerFactory newFactory() {
    IoHandlerFactory factory = EpollIoHandler.newFactory();
    return executor -> new SteadyEpoll(factory.newHandler(executor));
  }

  @Override
  public IoRegistration register(IoHandle handle) throws Exception {
    return new Kept(epoll.register(handle));
  }

  @Override
  public void initialize() {
    epoll.initialize();
  }

  @Override
  public int run(IoHandlerContext context) {
    return epoll.run(context);
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
