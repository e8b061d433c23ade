package dev.holdfast.bench.registry;

import dev.holdfast.bench.load.EchoInstance;
import dev.holdfast.bench.process.StallReport;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.lab.load.StallRecorder;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A child process with stock grpc-java echo servers that share one port and differ by address, as
 * pods do. Each gives its address in its answers. The servers use nothing of Holdfast.
 */
public final class PodServers {
  private static final String PORT = "PORT";
  private static final Duration START_TIMEOUT = Duration.ofMinutes(3);
  private static final int PODS_PER_BLOCK = 250;
  private static final int PORT_ATTEMPTS = 20;

  private PodServers() {}

  /** Starts the child process with its servers. */
  static ChildJvm start(RunResources runResources, int count) throws IOException {
    return runResources.own(
        ChildJvm.start(
            "pods", PodServers.class, List.of("-Xmx512m"), List.of(Integer.toString(count))));
  }

  /** The port that all of them listen on. */
  static int port(ChildJvm servers) throws InterruptedException {
    return Integer.parseInt(servers.await(PORT, START_TIMEOUT));
  }

  /** The address of a pod: all of 127.0.0.0/8 is loopback. */
  static String address(int pod) {
    return "127.71." + pod / PODS_PER_BLOCK + "." + (pod % PODS_PER_BLOCK + 1);
  }

  /** The main method of the child process; the argument is {@code COUNT}. */
  public static void main(String[] args) throws Exception {
    int count = Integer.parseInt(args[0]);
    StallRecorder stills = StallRecorder.start();
    List<Server> servers = startAll(count);
    ParentLine parent = new ParentLine();
    parent.say("%s %d", PORT, servers.get(0).getPort());
    while (!parent.next().isEmpty()) {
      // All that is asked is when this process stood still.
      StallReport.tell(stills, parent);
    }
    servers.forEach(Server::shutdownNow);
    System.exit(0);
  }

  /** A port that is free at one address may be taken at another. */
  private static List<Server> startAll(int count) throws IOException {
    IOException last = new BindException("no attempt");
    for (int attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
      List<Server> servers = new ArrayList<>();
      try {
        for (int pod = 0; pod < count; pod++) {
          int port = servers.isEmpty() ? 0 : servers.get(0).getPort();
          servers.add(
              NettyServerBuilder.forAddress(
                      new InetSocketAddress(InetAddress.getByName(address(pod)), port))
                  .directExecutor()
                  .addService(new EchoInstance(address(pod)))
                  .build()
                  .start());
        }
        return servers;
      } catch (IOException e) {
        servers.forEach(Server::shutdownNow);
        last = e;
      }
    }
    throw last;
  }
}
