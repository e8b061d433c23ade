package dev.holdfast.grpc.internal.admin;

import dev.holdfast.admin.AdminAddress;
import dev.holdfast.admin.AdminOptions;
import dev.holdfast.admin.AdminService;
import dev.holdfast.admin.ProcessState;
import dev.holdfast.core.annotation.Limit;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The admin server of this process, on a socket, an event loop and threads of its own: readers cost
 * the event loops of the application nothing. One per options; it lasts as long as the process.
 */
public final class ProcessAdminServer {
  @Limit(of = "connections to the admin service", then = "further ones are closed at once")
  public static final int MAX_CONNECTIONS = 64;

  @Limit(
      of = "calls on a connection to the admin service",
      then = "further ones wait at the client")
  public static final int MAX_CALLS = 8;

  @Limit(of = "bytes of a request to the admin service", then = "the call fails")
  public static final int MAX_REQUEST_BYTES = 16 << 10;

  @Limit(of = "bytes of the headers of a request to the admin service", then = "the call fails")
  public static final int MAX_HEADER_BYTES = 8 << 10;

  private static final int THREADS = 2;
  private static final long IDLE_MINUTES = 10;

  private static final Logger log = LoggerFactory.getLogger(ProcessAdminServer.class);

  // Guarded by itself.
  private static final Map<AdminOptions, ProcessAdminServer> STARTED = new HashMap<>();

  private final InetSocketAddress address;
  private final ProcessState state;

  private ProcessAdminServer(InetSocketAddress address, ProcessState state) {
    this.address = address;
    this.state = state;
  }

  /**
   * The server with these options, started by the first that needs it.
   *
   * @throws IOException when the address can't be bound
   * @throws IllegalArgumentException when the options would let everyone in, or a file is missing
   */
  public static ProcessAdminServer start(AdminOptions options) throws IOException {
    synchronized (STARTED) {
      ProcessAdminServer known = STARTED.get(options);
      if (known == null) {
        known = begin(options);
        STARTED.put(options, known);
      }
      return known;
    }
  }

  /**
   * As {@link #start}, for options of the environment: what goes wrong is logged, and the
   * application goes on without.
   */
  public static Optional<ProcessAdminServer> tryStart(AdminOptions options) {
    try {
      return Optional.of(start(options));
    } catch (IOException | IllegalArgumentException e) {
      log.warn(
          "event=admin_not_started address={}:{} cause=\"{}\"",
          options.host(),
          options.port(),
          e.getMessage());
      return Optional.empty();
    }
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return address;
  }

  /** The metadata by which it is found through the registry. */
  public Map<String, String> metadata() {
    return AdminAddress.toMetadata(address, state.id());
  }

  private static ProcessAdminServer begin(AdminOptions options) throws IOException {
    InetSocketAddress address = options.listenAddress();
    ProcessState state = ProcessState.activate();
    EventLoopGroup loop = loop();
    ExecutorService threads =
        Executors.newFixedThreadPool(THREADS, new DefaultThreadFactory("holdfast-admin", true));
    Server server =
        NettyServerBuilder.forAddress(address, options.credentials())
            .channelFactory(ProcessAdminServer::newListener)
            .bossEventLoopGroup(loop)
            .workerEventLoopGroup(loop)
            .executor(threads)
            .maxConcurrentCallsPerConnection(MAX_CALLS)
            .maxInboundMessageSize(MAX_REQUEST_BYTES)
            .maxInboundMetadataSize(MAX_HEADER_BYTES)
            .maxConnectionIdle(IDLE_MINUTES, TimeUnit.MINUTES)
            .intercept(options.access())
            .addService(new AdminService(state))
            .build();
    try {
      server.start();
    } catch (IOException e) {
      threads.shutdown();
      var unused = loop.shutdownGracefully();
      throw e;
    }
    InetSocketAddress bound = new InetSocketAddress(address.getAddress(), server.getPort());
    log.info(
        "event=admin_started address={} tls={} token={}",
        bound,
        options.tls().isPresent(),
        options.tokenFile().isPresent());
    return new ProcessAdminServer(bound, state);
  }

  /** A group of a kind that Netty 4.1 has too; in 4.2 it is deprecated and made of the new one. */
  @SuppressWarnings("deprecation")
  private static EventLoopGroup loop() {
    return new NioEventLoopGroup(1, new DefaultThreadFactory("holdfast-admin-io", true));
  }

  private static ServerChannel newListener() {
    ServerChannel channel = new NioServerSocketChannel();
    channel.pipeline().addFirst(new ConnectionBound());
    return channel;
  }

  /** Closes connections beyond the bound before gRPC sees them. */
  private static final class ConnectionBound extends ChannelInboundHandlerAdapter {
    private final AtomicInteger open = new AtomicInteger();

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object accepted) {
      if (accepted instanceof Channel child) {
        if (open.incrementAndGet() > MAX_CONNECTIONS) {
          open.decrementAndGet();
          log.debug("event=admin_connection_refused peer={}", child.remoteAddress());
          child.unsafe().closeForcibly();
          return;
        }
        child.closeFuture().addListener(closed -> open.decrementAndGet());
      }
      ctx.fireChannelRead(accepted);
    }
  }
}
