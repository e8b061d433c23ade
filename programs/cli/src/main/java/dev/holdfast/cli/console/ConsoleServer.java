package dev.holdfast.cli.console;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The HTTP/1.1 server of the console, in plaintext, on an event loop of its own. Connections,
 * silence and requests are bounded. Thread-safe.
 */
final class ConsoleServer implements AutoCloseable {
  @Limit(of = "connections of browsers to the console", then = "a further one is closed at once")
  static final int MAX_CONNECTIONS = 64;

  @Limit(of = "time that a connection to the console may be silent", then = "it is closed")
  static final Duration IDLE = Duration.ofSeconds(60);

  @Limit(of = "the first line of a request to the console", then = "it is answered with 400")
  private static final int MAX_LINE_BYTES = 8_192;

  @Limit(of = "the headers of a request to the console", then = "it is answered with 400")
  private static final int MAX_HEADER_BYTES = 8_192;

  @Limit(of = "the body of a request to the console", then = "it is answered with 413")
  private static final int MAX_BODY_BYTES = 4_096;

  private final EventLoopGroup loop;
  private final Channel listener;

  private ConsoleServer(EventLoopGroup loop, Channel listener) {
    this.loop = loop;
    this.listener = listener;
  }

  /**
   * Binds the address and serves from now on.
   *
   * @throws IOException when the address can't be bound
   */
  static ConsoleServer open(InetSocketAddress address, ConsoleRequests requests)
      throws IOException {
    EventLoopGroup loop =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("holdfast-console", true), NioIoHandler.newFactory());
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loop)
            .channel(NioServerSocketChannel.class)
            .childHandler(new ConsoleChannels(requests))
            .bind(address)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      var unused = loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
      throw new IOException(
          "listen: "
              + NetUtil.toSocketAddressString(address)
              + ": "
              + IoErrorText.of(bound.cause())
              + " (expected: an address of this machine at which nobody listens)",
          bound.cause());
    }
    return new ConsoleServer(loop, bound.channel());
  }

  /** The bound address, with the actual port. */
  InetSocketAddress address() {
    return (InetSocketAddress) listener.localAddress();
  }

  @Override
  public void close() {
    listener.close().awaitUninterruptibly();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  /** Initializes accepted channels and bounds their number; all on one thread. */
  private static final class ConsoleChannels extends ChannelInitializer<Channel> {
    private final ConsoleRequests requests;
    private int open;

    ConsoleChannels(ConsoleRequests requests) {
      this.requests = requests;
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
      channel
          .pipeline()
          .addLast(new ReadTimeoutHandler(IDLE.toSeconds(), TimeUnit.SECONDS))
          .addLast(
              new HttpServerCodec(
                  new HttpDecoderConfig()
                      .setMaxInitialLineLength(MAX_LINE_BYTES)
                      .setMaxHeaderSize(MAX_HEADER_BYTES)
                      .setMaxChunkSize(MAX_BODY_BYTES)))
          .addLast(new HttpObjectAggregator(MAX_BODY_BYTES))
          .addLast(new ConsoleConnection(requests));
    }
  }
}
