package dev.holdfast.gateway.admin;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.Gateway;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.socket.ClosingEventLoopGroup;
import io.micrometer.core.instrument.MeterRegistry;
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
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * HTTP/1.1 server of the gateway's admin page, in plaintext, on a thread of its own: {@code /},
 * {@code /api/state}, {@code /metrics}, {@code /healthz}, {@code /readyz} and {@code POST
 * /api/drain}. Thread-safe.
 *
 * <p>Meant for loopback: every client that can connect may see all of the gateway and drain it.
 * Requests of pages from other origins are refused, also by DNS rebinding ({@link
 * AdminAccessPolicy}).
 */
public final class AdminServer implements AutoCloseable {
  /** The default port, on loopback. */
  public static final int PORT = 18_002;

  @Limit(
      of = "connections to the admin page of a gateway",
      then = "a further one is closed at once")
  static final int MAX_CONNECTIONS = 64;

  @Limit(of = "time that a connection to the admin page may be silent", then = "it is closed")
  static final Duration IDLE = Duration.ofSeconds(60);

  @Limit(
      of = "the first line of a request to the admin page",
      then = "it is answered with 400, and the connection is closed")
  private static final int MAX_LINE_BYTES = 4_096;

  @Limit(
      of = "the headers of a request to the admin page",
      then = "it is answered with 400, and the connection is closed")
  private static final int MAX_HEADER_BYTES = 8_192;

  @Limit(of = "the body of a request to the admin page", then = "it is answered with 413")
  private static final int MAX_BODY_BYTES = 4_096;

  private final EventLoopGroup thread =
      ClosingEventLoopGroup.of(
          1, new DefaultThreadFactory("holdfast-admin", true), NioIoHandler.newFactory());
  private final Channel listener;

  /**
   * The gateway that the admin page shows, with the sources of its data.
   *
   * @param gateway the gateway that is shown
   * @param config the status of the applied configuration
   * @param meters the meters behind /metrics
   * @param drain the action of the drain button; must not block
   * @param rejected the bindings and services in a cluster's schema that are not served, each with
   *     the reason
   */
  public record AdminTarget(
      Gateway gateway,
      ConfigStatus config,
      MeterRegistry meters,
      Runnable drain,
      Function<Cluster, List<String>> rejected) {
    /** A gateway without schemas, so without rejected bindings. */
    public AdminTarget(Gateway gateway, ConfigStatus config, MeterRegistry meters, Runnable drain) {
      this(gateway, config, meters, drain, cluster -> List.of());
    }
  }

  private AdminServer(InetSocketAddress address, AdminTarget adminTarget) throws IOException {
    AdminHandler handler =
        new AdminHandler(
            adminTarget, new AdminAccessPolicy(address.getAddress().isLoopbackAddress()));
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
          "admin: "
              + NetUtil.toSocketAddressString(address)
              + ": "
              + bound.cause().getMessage()
              + " (expected: an address of this machine at which nobody listens)",
          bound.cause());
    }
    this.listener = bound.channel();
  }

  /**
   * Binds the address and serves from now on.
   *
   * @throws IOException when the address can't be bound
   */
  public static AdminServer open(InetSocketAddress address, AdminTarget adminTarget)
      throws IOException {
    return new AdminServer(address, adminTarget);
  }

  /** The bound address, with the actual port. */
  public InetSocketAddress address() {
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
    private final AdminHandler handler;
    private int open;

    AdminChannelInitializer(AdminHandler handler) {
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
