package dev.holdfast.bench.sessions;

import dev.holdfast.bench.run.Machine;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.GlobalEventExecutor;

/** A listening socket that can reset all connections that it accepted. */
final class CutListener {
  private static final int BACKLOG = 4_096;

  private final ChannelGroup accepted = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);

  /** Lets a server listen by it. */
  NettyServerBuilder on(NettyServerBuilder server) {
    IoHandlerFactory io =
        Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    EventLoopGroup boss = new MultiThreadIoEventLoopGroup(1, io);
    EventLoopGroup workers = new MultiThreadIoEventLoopGroup(Machine.cores(), io);
    return server
        .bossEventLoopGroup(boss)
        .workerEventLoopGroup(workers)
        .channelFactory(this::newListener)
        .withOption(ChannelOption.SO_BACKLOG, BACKLOG);
  }

  /** Resets them (RST, not FIN); returns how many. */
  int cut() {
    int count = accepted.size();
    accepted.forEach(channel -> channel.config().setOption(ChannelOption.SO_LINGER, 0));
    accepted.close().awaitUninterruptibly();
    return count;
  }

  private ServerChannel newListener() {
    ServerChannel listener =
        Epoll.isAvailable() ? new EpollServerSocketChannel() : new NioServerSocketChannel();
    listener
        .pipeline()
        .addFirst(
            new ChannelInboundHandlerAdapter() {
              @Override
              public void channelRead(ChannelHandlerContext context, Object message) {
                if (message instanceof Channel child) {
                  accepted.add(child);
                }
                context.fireChannelRead(message);
              }
            });
    return listener;
  }
}
