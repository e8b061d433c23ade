package dev.holdfast.lab;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The listening ports of a {@link Middlebox}, all leading to one target. */
final class ListeningPorts {
  private static final int BACKLOG = 1_024;

  private final ServerBootstrap bootstrap;
  private final List<Channel> listeners = new ArrayList<>();

  /**
   * @param onAccepted called on the loop with every new connection, before it is read
   */
  ListeningPorts(LabEventLoop loop, Consumer<SocketChannel> onAccepted) {
    bootstrap = listening(loop, onAccepted);
  }

  /**
   * A server bootstrap as all of the lab uses it: without auto-read, and with half-closed
   * connections.
   */
  static ServerBootstrap listening(LabEventLoop loop, Consumer<SocketChannel> onAccepted) {
    return new ServerBootstrap()
        .group(loop.group())
        .channel(loop.isEpoll() ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
        .option(ChannelOption.SO_BACKLOG, BACKLOG)
        .childOption(ChannelOption.AUTO_READ, false)
        .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childHandler(
            new ChannelInitializer<SocketChannel>() {
              @Override
              protected void initChannel(SocketChannel client) {
                onAccepted.accept(client);
              }
            });
  }

  /**
   * Opens the first listener at a port, and the others at free ones.
   *
   * @throws IllegalStateException when the port is taken; then none is open
   */
  void open(InetAddress host, int port, int count) {
    for (int i = 0; i < count; i++) {
      InetSocketAddress at = new InetSocketAddress(host, i == 0 ? port : 0);
      ChannelFuture bound = bootstrap.bind(at).awaitUninterruptibly();
      if (!bound.isSuccess()) {
        close(Duration.ZERO);
        throw new IllegalStateException("can't listen on port " + at.getPort(), bound.cause());
      }
      listeners.add(bound.channel());
    }
  }

  InetSocketAddress first() {
    return (InetSocketAddress) listeners.get(0).localAddress();
  }

  List<Integer> ports() {
    return listeners.stream()
        .map(listener -> ((InetSocketAddress) listener.localAddress()).getPort())
        .toList();
  }

  /** Drops all connection attempts, or accepts them again. */
  void dropConnectionAttempts(boolean deaf) {
    for (Channel listener : listeners) {
      var unused =
          deaf ? KernelSocket.attachDropFilter(listener) : KernelSocket.detachDropFilter(listener);
    }
  }

  void close(Duration patience) {
    listeners.forEach(listener -> listener.close().awaitUninterruptibly(patience.toMillis()));
  }
}
