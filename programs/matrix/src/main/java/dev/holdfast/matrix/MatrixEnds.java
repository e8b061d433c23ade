package dev.holdfast.matrix;

import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.liveness.LivenessOptions;
import dev.holdfast.streams.grpc.Holdfast;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The client and the server of a cell, with their real timings scaled as the path is. Times that a
 * machine needs, such as that for an answer, are not scaled below a second, or the cells would
 * measure how busy the machine is.
 */
final class MatrixEnds {
  private static final Duration SECOND = Duration.ofSeconds(1);

  // What gRPC does when nobody says otherwise.
  private static final Duration SERVER_PING_AFTER = Duration.ofHours(2);
  private static final Duration SERVER_PERMITS = Duration.ofMinutes(5);

  // What the team of field note N0 set.
  private static final Duration FIX_PING_AFTER = Duration.ofSeconds(800);
  private static final Duration FIX_PING_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration FIX_KEEP_INTERVAL = Duration.ofSeconds(15);
  private static final int FIX_KEEP_COUNT = 3;

  private static final Duration SHORTEST_SAFE_IDLE = Duration.ofMillis(100);
  private static final Duration NEVER = Duration.ofHours(9);

  // A busy machine must not look like a dead peer.
  private static final Duration LEAST_WINDOW = Duration.ofSeconds(10);
  private static final Duration LEAST_HARD_LIMIT = Duration.ofSeconds(30);

  private final MatrixPath path;
  private final MatrixPair pair;

  MatrixEnds(MatrixPath path, MatrixPair pair) {
    this.path = path;
    this.pair = pair;
  }

  Server server(InetSocketAddress address) throws IOException {
    if (pair.isHoldfastServer()) {
      return HoldfastServerBuilder.forAddress(address, InsecureServerCredentials.create())
          .liveness(liveness())
          .drainOnJvmShutdown(false)
          .addService(service())
          .build()
          .start();
    }
    NettyServerBuilder server =
        NettyServerBuilder.forAddress(address)
            .permitKeepAliveTime(path.scaled(SERVER_PERMITS).toNanos(), TimeUnit.NANOSECONDS)
            .keepAliveTime(path.scaled(SERVER_PING_AFTER).toNanos(), TimeUnit.NANOSECONDS)
            .addService(MatrixService.definition());
    if (pair == MatrixPair.FIXED) {
      server
          .keepAliveTime(path.scaled(FIX_PING_AFTER).toNanos(), TimeUnit.NANOSECONDS)
          .keepAliveTimeout(path.scaled(FIX_PING_TIMEOUT, SECOND).toNanos(), TimeUnit.NANOSECONDS)
          .permitKeepAliveWithoutCalls(true)
          .withChildOption(ChannelOption.SO_KEEPALIVE, true);
      if (Epoll.isAvailable()) {
        server
            .withChildOption(EpollChannelOption.TCP_KEEPIDLE, wholeSeconds(FIX_PING_AFTER))
            .withChildOption(EpollChannelOption.TCP_KEEPINTVL, wholeSeconds(FIX_KEEP_INTERVAL))
            .withChildOption(EpollChannelOption.TCP_KEEPCNT, FIX_KEEP_COUNT);
      }
    }
    return server.build().start();
  }

  ManagedChannel channel(String address) {
    long idleModeMillis = path.scaled(MatrixPath.IDLE_MODE).toMillis();
    if (pair.isHoldfastClient()) {
      HoldfastChannelBuilder channel =
          HoldfastChannelBuilder.forTarget(address)
              .usePlaintext()
              .liveness(liveness())
              .configureNetty(netty -> netty.idleTimeout(idleModeMillis, TimeUnit.MILLISECONDS));
      return (pair.hasSessions() ? channel.intercept(Holdfast.resumable()) : channel).build();
    }
    NettyChannelBuilder channel =
        NettyChannelBuilder.forTarget(address)
            .usePlaintext()
            .idleTimeout(idleModeMillis, TimeUnit.MILLISECONDS);
    if (pair == MatrixPair.FIXED) {
      channel.withOption(ChannelOption.SO_KEEPALIVE, true);
      if (Epoll.isAvailable()) {
        channel
            .withOption(EpollChannelOption.TCP_KEEPIDLE, wholeSeconds(FIX_PING_AFTER))
            .withOption(EpollChannelOption.TCP_KEEPINTVL, wholeSeconds(FIX_KEEP_INTERVAL))
            .withOption(EpollChannelOption.TCP_KEEPCNT, FIX_KEEP_COUNT);
      }
    }
    return channel.build();
  }

  private ServerServiceDefinition service() {
    ServerServiceDefinition service = MatrixService.definition();
    return pair.hasSessions() ? Holdfast.resumable(service) : service;
  }

  /**
   * The liveness options that {@code path(profile)} sets, scaled as the path is. For {@link
   * MatrixPair#VERIFY} the defaults with almost no probing.
   */
  LivenessOptions liveness() {
    if (pair == MatrixPair.VERIFY) {
      LivenessOptions unknown = LivenessOptions.DEFAULT;
      return unknown
          .withProbing(NEVER, unknown.spacing())
          .withSafeIdle(path.scaled(unknown.safeIdle(), SHORTEST_SAFE_IDLE))
          .withTcp(
              new LivenessOptions.TcpOptions(
                  NEVER, unknown.tcp().keepInterval(), 1, unknown.tcp().userTimeout()));
    }
    LivenessOptions real = LivenessOptions.of(path.profile());
    Duration spacing = path.scaled(real.spacing(), SECOND);
    return new LivenessOptions(
        path.scaled(real.idle(), SECOND),
        spacing,
        path.scaled(real.window(), LEAST_WINDOW),
        path.scaled(real.hardLimit(), LEAST_HARD_LIMIT),
        path.scaled(real.safeIdle(), SHORTEST_SAFE_IDLE),
        real.connectWithin(),
        real.pingPermit(),
        real.pingsEndAtHop(),
        new LivenessOptions.TcpOptions(
            Duration.ofSeconds(wholeSeconds(real.tcp().keepIdle())),
            Duration.ofSeconds(wholeSeconds(real.tcp().keepInterval())),
            real.tcp().keepCount(),
            path.scaled(real.tcp().userTimeout(), LEAST_HARD_LIMIT)));
  }

  /** The kernel counts whole seconds; one less than asked rather than one more. */
  private int wholeSeconds(Duration time) {
    return (int) Math.max(1, path.scaled(time).toSeconds());
  }
}
