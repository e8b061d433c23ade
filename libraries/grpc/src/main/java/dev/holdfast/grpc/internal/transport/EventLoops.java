package dev.holdfast.grpc.internal.transport;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;

/**
 * The event loop groups of all connections of a process, with their socket type: epoll where the
 * platform has it, because epoll sockets expose tcp_info.
 *
 * <p>There is one set per socket type for the whole process, and no set is ever closed. The threads
 * are daemons that start with the first connection. gRPC does not shut down groups that a builder
 * was given.
 */
public final class EventLoops {
  // As many as grpc's own default, Netty's choice by the number of processors.
  private static final int NETTYS_CHOICE = 0;
  private static final int BOSSES = 1;

  private final boolean epoll;
  private final EventLoopGroup bosses;
  private final EventLoopGroup workers;

  private EventLoops(boolean epoll) {
    this.epoll = epoll;
    this.bosses = group(epoll, BOSSES, "accept");
    this.workers = group(epoll, NETTYS_CHOICE, "");
  }

  /** A group of a kind that Netty 4.1 has too; in 4.2 it is deprecated and made of the new one. */
  @SuppressWarnings("deprecation")
  private static EventLoopGroup group(boolean epoll, int threads, String use) {
    String name = (epoll ? "holdfast-epoll" : "holdfast-nio") + (use.isEmpty() ? "" : "-" + use);
    DefaultThreadFactory factory = new DefaultThreadFactory(name, true);
    return epoll
        ? new EpollEventLoopGroup(threads, factory)
        : new NioEventLoopGroup(threads, factory);
  }

  /** The best of this platform. */
  public static EventLoops shared() {
    return Epoll.isAvailable() ? OfEpoll.SHARED : nio();
  }

  /** The NIO event loops, available on every platform. */
  public static EventLoops nio() {
    return OfNio.SHARED;
  }

  /** The event loop group that accepts connections. */
  public EventLoopGroup bosses() {
    return bosses;
  }

  /** The event loop group that serves open connections. */
  public EventLoopGroup workers() {
    return workers;
  }

  public Channel newClientChannel() {
    return epoll ? new EpollSocketChannel() : new NioSocketChannel();
  }

  public ServerChannel newServerChannel() {
    return epoll ? new EpollServerSocketChannel() : new NioServerSocketChannel();
  }

  private static final class OfEpoll {
    static final EventLoops SHARED = new EventLoops(true);
  }

  private static final class OfNio {
    static final EventLoops SHARED = new EventLoops(false);
  }
}
