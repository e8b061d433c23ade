package dev.holdfast.bench;

import dev.holdfast.streams.grpc.ServerStreams;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.ChannelOption;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import javax.management.JMException;

/** A server of many streams in a process of its own, that says what it holds. */
final class SessionServer {
  /** What its streams are. */
  enum Kind {
    /** Those of grpc-java. */
    RAW,
    /** Sessions in memory. */
    RESUME
  }

  private static final String PORT = "PORT";
  private static final String MEMORY = "MEMORY";
  private static final String RESIDENT = "RESIDENT";
  private static final String COUNT = "COUNT";
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int BACKLOG = 4_096;

  private final ChildJvm child;
  private final int port;

  private SessionServer(ChildJvm child, int port) {
    this.child = child;
    this.port = port;
  }

  static SessionServer start(Scope scope, Kind kind, List<String> jvmOptions) throws Exception {
    ChildJvm child =
        scope.own(
            ChildJvm.start(
                kind.name() + "-server", SessionServer.class, jvmOptions, List.of(kind.name())));
    return new SessionServer(child, Integer.parseInt(child.await(PORT, PATIENCE)));
  }

  int port() {
    return port;
  }

  /** Bytes of reachable objects and of Netty's direct memory. */
  long memoryBytes() throws Exception {
    return ask(MEMORY);
  }

  /** What the kernel counts for the process. */
  long residentBytes() throws Exception {
    return ask(RESIDENT);
  }

  /** Sessions that are there. */
  long sessions() throws Exception {
    return ask(COUNT);
  }

  void close() throws InterruptedException {
    child.close();
  }

  private long ask(String what) throws IOException, InterruptedException {
    child.send(what);
    return Long.parseLong(child.await(what, PATIENCE));
  }

  /** The program: {@code KIND}. */
  public static void main(String[] args) throws Exception {
    ServerStreams streams = ServerStreams.builder().build();
    StreamService service = new StreamService();
    ServerServiceDefinition served =
        switch (Kind.valueOf(args[0])) {
          case RAW -> service.bindService();
          case RESUME -> streams.resumable(service);
        };
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .withOption(ChannelOption.SO_BACKLOG, BACKLOG)
            .addService(served)
            .build()
            .start();
    ParentLine parent = new ParentLine();
    parent.say("%s %d", PORT, server.getPort());
    for (String asked = parent.next(); !asked.isEmpty(); asked = parent.next()) {
      parent.say("%s %d", asked, answer(asked, streams));
    }
    server.shutdownNow();
    System.exit(0);
  }

  private static long answer(String asked, ServerStreams streams)
      throws InterruptedException, JMException, IOException {
    return switch (asked) {
      case MEMORY -> Machine.settledHeapBytes() + PlatformDependent.usedDirectMemory();
      case RESIDENT -> residentOfThis();
      case COUNT -> streams.sessions().size();
      default -> throw new IllegalArgumentException(asked);
    };
  }

  private static long residentOfThis() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
        .findFirst()
        .orElse(0);
  }
}
