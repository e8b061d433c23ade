package dev.holdfast.bench.sessions;

import dev.holdfast.admin.AdminOptions;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.streams.StreamService;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.grpc.internal.admin.ProcessAdminServer;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import dev.holdfast.streams.grpc.ServerStreams;
import io.grpc.InsecureServerCredentials;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/** A child process with a server of many sessions and an admin service. */
final class ObservedServer {
  private static final String PORTS = "PORTS";
  private static final String COLLECT = "COLLECT";
  private static final String COLLECTED = "COLLECTED";
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final List<String> JVM_OPTIONS = List.of("-Xms6g", "-Xmx6g", "-XX:+UseParallelGC");

  private final ChildJvm child;
  private final int port;
  private final int adminPort;

  private ObservedServer(ChildJvm child, int port, int adminPort) {
    this.child = child;
    this.port = port;
    this.adminPort = adminPort;
  }

  static ObservedServer start(RunResources runResources) throws Exception {
    ChildJvm child =
        runResources.own(
            ChildJvm.start("observed-server", ObservedServer.class, JVM_OPTIONS, List.of()));
    String[] ports = child.await(PORTS, PATIENCE).split(" ", -1);
    return new ObservedServer(child, Integer.parseInt(ports[0]), Integer.parseInt(ports[1]));
  }

  /** The port on which the streams are served. */
  int port() {
    return port;
  }

  /** The port of the admin service. */
  int adminPort() {
    return adminPort;
  }

  /** Collects the garbage of the process, so that no later time is charged with it. */
  void collect() throws IOException, InterruptedException {
    child.send(COLLECT);
    child.await(COLLECTED, PATIENCE);
  }

  /** CPU time of the process so far. */
  Duration cpu() {
    return child.cpu();
  }

  void close() throws InterruptedException {
    child.close();
  }

  /** The program, without arguments. */
  public static void main(String[] args) throws Exception {
    ServerStreams streams = ServerStreams.builder().build();
    HoldfastServer server =
        HoldfastServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                InsecureServerCredentials.create())
            .admin(AdminOptions.loopback())
            .addService(streams.resumable(new StreamService()))
            .build()
            .start();
    int adminPort = ProcessAdminServer.start(AdminOptions.loopback()).address().getPort();
    ParentLine parent = new ParentLine();
    parent.say("%s %d %d", PORTS, server.getPort(), adminPort);
    for (String asked = parent.next(); !asked.isEmpty(); asked = parent.next()) {
      if (!asked.equals(COLLECT)) {
        throw new IllegalArgumentException(asked + " (expected: " + COLLECT + ")");
      }
      System.gc();
      parent.say(COLLECTED);
    }
    server.shutdownNow();
    System.exit(0);
  }
}
