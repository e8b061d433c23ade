package dev.holdfast.bench.load;

import dev.holdfast.bench.run.RunResources;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A child process with stock grpc-java echo servers on separate ports, all started before the
 * measurement. The servers use nothing of Holdfast.
 */
public final class EchoServers {
  private static final String PORTS = "PORTS";
  private static final Duration START_TIMEOUT = Duration.ofMinutes(3);
  private static final int BACKLOG = 4_096;

  private EchoServers() {}

  /**
   * Starts the child process with its servers.
   *
   * @param count number of servers
   * @param names whether the servers give their names in answers: {@code s0}, {@code s1}, ..
   */
  public static ChildJvm start(RunResources runResources, int count, boolean names)
      throws IOException {
    return start(runResources, count, names, List.of("-Xmx1g"));
  }

  /** Starts the child process in a JVM with the given options. */
  static ChildJvm start(
      RunResources runResources, int count, boolean names, List<String> jvmOptions)
      throws IOException {
    return runResources.own(
        ChildJvm.start(
            "servers",
            EchoServers.class,
            jvmOptions,
            List.of(Integer.toString(count), Boolean.toString(names))));
  }

  /** Servers without a log: of each stream that an attacker broke it would have a stack trace. */
  public static ChildJvm startSilent(RunResources runResources, int count, Path folder)
      throws IOException {
    Path logging = Files.writeString(folder.resolve("logging.properties"), ".level=OFF");
    return start(
        runResources,
        count,
        false,
        List.of("-Xmx1g", "-Djava.util.logging.config.file=" + logging.toAbsolutePath()));
  }

  /** The ports that they listen on. */
  public static List<Integer> ports(ChildJvm servers) throws InterruptedException {
    return Arrays.stream(servers.await(PORTS, START_TIMEOUT).split(" ", -1))
        .map(Integer::valueOf)
        .toList();
  }

  /** The program: {@code COUNT NAMES}. */
  public static void main(String[] args) throws Exception {
    int count = Integer.parseInt(args[0]);
    boolean names = Boolean.parseBoolean(args[1]);
    List<Server> servers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      servers.add(
          NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .directExecutor()
              .withOption(io.netty.channel.ChannelOption.SO_BACKLOG, BACKLOG)
              .addService(new EchoInstance(names ? "s" + i : ""))
              .addService(OrderingService.definition())
              .build()
              .start());
    }
    ParentLine parent = new ParentLine();
    parent.say(
        "%s %s",
        PORTS,
        servers.stream().map(s -> Integer.toString(s.getPort())).collect(Collectors.joining(" ")));
    while (!parent.next().isEmpty()) {
      // Nothing is asked of servers but to be there.
    }
    servers.forEach(Server::shutdownNow);
    for (Server server : servers) {
      server.awaitTermination(1, TimeUnit.SECONDS);
    }
    System.exit(0);
  }
}
