package dev.holdfast.gateway.admin;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.socket.ClosingEventLoopGroup;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Listener for HTTP/1.1 requests of operators and their programs, in plaintext, on a thread of its
 * own. Connections, silence, headers and bodies are bounded. Thread-safe.
 */
final class AdminListener implements AutoCloseable {
  @Limit(
      of = "connections to the admin page, and as many to the address of metrics",
      then = "a further one is closed at once")
  static final int MAX_CONNECTIONS = 64;

  @Limit(
      of = "time that a connection to the admin page or the address of metrics may be silent",
      then = "it is closed")
  static final Duration IDLE = Duration.ofSeconds(60);

  @Limit(
      of = "the first line of a request to the admin page or the address of metrics",
      then = "it is answered with 400, and the connection is closed")
  private static final int MAX_LINE_BYTES = 4_096;

  @Limit(
      of = "the headers of a request to the admin page or the address of metrics",
      then = "it is answered with 400, and the connection is closed")
  private static final int MAX_HEADER_BYTES = 8_192;

  @Limit(
      of = "the body of a request to the admin page or the address of metrics",
      then = "it is answered with 413")
  private static final int MAX_BODY_BYTES = 4_096;

  private final EventLoopGroup thread;
  private final Channel listener;

  private AdminListener(String name, InetSocketAddress address, AdminRequestHandler handler)
      throws IOException {
    this.thread =
        ClosingEventLoopGroup.of(
            1, new DefaultThreadFactory("holdfast-" + name, true), NioIoHandler.newFactory());
    ChannelFuture bound =
        new ServerBootstrap()
            .group(thread)
            .channel(NioServerSocketChannel.class)
            .childHandler(new AdminChannelInitializer(handler))
            .bind(address)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      var unused = thread.shutdownGracefully(0, 0, TimeUnit.SECONDS);
      throw new IOException(
          name
              + ": "
              + NetUtil.toSocketAddressString(address)
              + ": "
              + IoErrorText.of(bound.cause())
              + " (expected: an address of this machine at which nobody listens)",
          bound.cause());
    }
    this.listener = bound.channel();
  }

  /**
   * Binds the address and serves from now on.
   *
   * @param name the option that gave the address, for messages and the thread
   * @throws IOException when the address can't be bound
   */
  static AdminListener open(String name, InetSocketAddress address, AdminRequestHandler handler)
      throws IOException {
    return new AdminListener(name, address, handler);
  }

  /** The bound address, with the actual port. */
  InetSocketAddress address() {
    return (InetSocketAddress) listener.localAddress();
  }

  @Override
  public void close() {
    listener.close().awaitUninterruptibly();
    thread.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  /**
   * Initializes accepted channels and bounds their number. All run on one thread, so the count
   * needs no lock.
   */
  private static final class AdminChannelInitializer extends ChannelInitializer<Channel> {
    private final AdminRequestHandler handler;
    private int open;

    AdminChannelInitializer(AdminRequestHandler handler) {
      this.handler = handler;
    }

    @Override
    public boolean isSharable() {
      return true;
    }

    @Override
    protected void initChannel(Channel channel) {
      if (open >= MAX_CONNECTIONS) {
        var unused = channel.close();
        return;
      }
      open++;
      var unused = channel.closeFuture().addListener(closed -> open--);
      channel.pipeline().addLast(new ReadTimeoutHandler(IDLE.toSeconds(), TimeUnit.SECONDS));
      HttpDecoderConfig config =
          new HttpDecoderConfig()
              .setMaxInitialLineLength(MAX_LINE_BYTES)
              .setMaxHeaderSize(MAX_HEADER_BYTES)
              .setMaxChunkSize(MAX_BODY_BYTES);
      AdminConnection.install(channel, handler, config, MAX_BODY_BYTES);
    }
  }
}
