package dev.holdfast.grpc;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;

/**
 * The threads of all connections of a process, and the kind of socket that goes with them: epoll
 * where the platform has it, because there the kernel says what it knows of a connection.
 *
 * <p>One set per kind for the whole process, never closed: its threads are daemons that begin with
 * the first connection, and grpc keeps what it was given by a builder out of its own care.
 */
final class EventLoops {
  // As many as grpc's own default, Netty's choice by the number of processors.
  private static final int NETTYS_CHOICE = 0;
  private static final int BOSSES = 1;

  private final boolean epoll;
  private final EventLoopGroup bosses;
  private final EventLoopGroup workers;

  private EventLoops(boolean epoll) {
    this.epoll = epoll;
    String kind = epoll ? "epoll" : "nio";
    IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    this.bosses =
        new MultiThreadIoEventLoopGroup(
            BOSSES, new DefaultThreadFactory("holdfast-" + kind + "-accept", true), io);
    this.workers =
        new MultiThreadIoEventLoopGroup(
            NETTYS_CHOICE, new DefaultThreadFactory("holdfast-" + kind, true), io);
  }

  /** The best of this platform. */
  static EventLoops shared() {
    return Epoll.isAvailable() ? OfEpoll.SHARED : nio();
  }

  /** What the JDK has, which is on every platform. */
  static EventLoops nio() {
    return OfNio.SHARED;
  }

  /** For accepting. */
  EventLoopGroup bosses() {
    return bosses;
  }

  /** For connections. */
  EventLoopGroup workers() {
    return workers;
  }

  Channel newClientChannel() {
    return epoll ? new EpollSocketChannel() : new NioSocketChannel();
  }

  ServerChannel newServerChannel() {
    return epoll ? new EpollServerSocketChannel() : new NioServerSocketChannel();
  }

  private static final class OfEpoll {
    static final EventLoops SHARED = new EventLoops(true);
  }

  private static final class OfNio {
    static final EventLoops SHARED = new EventLoops(false);
  }
}
