package dev.holdfast.bench.liveness;

import dev.holdfast.bench.load.EchoInstance;
import dev.holdfast.bench.run.Machine;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.lab.process.ParentLine;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A child process with a server of idle connections that reports its resource usage on request. */
final class IdleServer {
  /** The word before the port in the child's first line. */
  static final String PORT = "PORT";

  /**
   * The command for the bytes that remain on the heap after a full collection, and the word before
   * the answer.
   */
  static final String HEAP = "HEAP";

  /** The command for the CPU time used so far, in nanoseconds, and the word before the answer. */
  static final String CPU = "CPU";

  /** The keepalive of a server. */
  enum Kind {
    /** Stock grpc-java with its server keepalive. */
    STOCK,
    /** Holdfast's server with its liveness checks. */
    HOLDFAST,
    /** Holdfast's server without it: nothing pings. */
    BARE
  }

  private static final int BACKLOG = 4_096;
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private IdleServer() {}

  /** The program: {@code KIND INTERVAL_SECONDS}. */
  public static void main(String[] args) throws Exception {
    Server server = start(Kind.valueOf(args[0]), Duration.ofSeconds(Integer.parseInt(args[1])));
    ParentLine parent = new ParentLine();
    parent.say("%s %d", PORT, server.getPort());
    for (String asked = parent.next(); !asked.isEmpty(); asked = parent.next()) {
      parent.say(
          "%s %d", asked, asked.equals(HEAP) ? Machine.settledHeapBytes() : Machine.cpuNanos());
    }
    server.shutdownNow();
    System.exit(0);
  }

  private static Server start(Kind kind, Duration interval) throws IOException {
    InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    if (kind == Kind.STOCK) {
      return NettyServerBuilder.forAddress(anyPort)
          .keepAliveTime(interval.toNanos(), TimeUnit.NANOSECONDS)
          .keepAliveTimeout(TIMEOUT.toNanos(), TimeUnit.NANOSECONDS)
          .withOption(ChannelOption.SO_BACKLOG, BACKLOG)
          .addService(new EchoInstance(""))
          .build()
          .start();
    }
    HoldfastServerBuilder server =
        HoldfastServerBuilder.forAddress(anyPort, InsecureServerCredentials.create())
            .registries(Registries.shared())
            .drainOnJvmShutdown(false)
            .configureNetty(netty -> netty.withOption(ChannelOption.SO_BACKLOG, BACKLOG))
            .addService(new EchoInstance(""));
    if (kind == Kind.BARE) {
      server.withoutLiveness();
    } else {
      server.liveness(
          LivenessOptions.DEFAULT.withProbing(interval, LivenessOptions.DEFAULT.spacing()));
    }
    return server.build().start();
  }
}
