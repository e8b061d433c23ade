package dev.holdfast.lab;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The one event loop of a {@link Middlebox} or a {@link TcpRelay}, and the way to its target. A
 * call from another thread has taken effect when it returns. Thread-safe.
 */
final class LabEventLoop {
  static final Duration CALL_TIMEOUT = Duration.ofSeconds(10);

  private static final int CONNECT_TIMEOUT_MILLIS = 5_000;

  private final EventLoopGroup group;
  private final boolean epoll;

  LabEventLoop(boolean epoll) {
    this.epoll = epoll;
    group =
        new MultiThreadIoEventLoopGroup(
            1, epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
  }

  boolean isEpoll() {
    return epoll;
  }

  EventLoopGroup group() {
    return group;
  }

  EventLoop eventLoop() {
    return group.next();
  }

  /** Opens a connection, which is not read before its pipes ask for it. */
  ChannelFuture connect(InetSocketAddress target, ChannelHandler reader) {
    return new Bootstrap()
        .group(group)
        .channel(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
        .option(ChannelOption.AUTO_READ, false)
        .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
        .option(ChannelOption.TCP_NODELAY, true)
        .handler(reader)
        .connect(target);
  }

  /** Runs something on the loop and waits until it has run. */
  void call(Runnable task) {
    ask(
        () -> {
          task.run();
          return true;
        });
  }

  /** As {@link #call}, with a result. */
  <T> T ask(Supplier<T> question) {
    if (eventLoop().inEventLoop()) {
      return question.get();
    }
    var answer = eventLoop().submit(question::get);
    if (!answer.awaitUninterruptibly(CALL_TIMEOUT.toMillis())) {
      throw new IllegalStateException("the lab's loop did not answer within " + CALL_TIMEOUT);
    }
    if (!answer.isSuccess()) {
      throw new IllegalStateException("the lab's loop failed", answer.cause());
    }
    return answer.getNow();
  }

  /** Stops the loop once it has nothing more to do; waits for that, but not for long. */
  void stop() {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}
