package dev.holdfast.bench.liveness;

import dev.holdfast.bench.liveness.IdleServer.Kind;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.lab.process.ChildJvm;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** A server with its idle connections. Their clients run in a process of their own. */
final class IdleSide {
  private static final Duration START = Duration.ofMinutes(3);

  /** The resolution of measured CPU time. Smaller amounts do not show. */
  private static final double CPU_TICK_MILLIS = 10;

  private static final Duration CONNECT = Duration.ofMinutes(3);
  private static final List<String> JVM_OPTIONS = List.of("-Xms1g", "-Xmx1g", "-XX:+UseParallelGC");

  private final Kind kind;
  private final int connections;
  private final ChildJvm server;
  private final ChildJvm clients;
  private final long emptyServerBytes;
  private final long emptyClientBytes;

  private IdleSide(Kind kind, int connections, ChildJvm server, ChildJvm clients)
      throws IOException, InterruptedException {
    this.kind = kind;
    this.connections = connections;
    this.server = server;
    this.clients = clients;
    emptyClientBytes = Long.parseLong(clients.await(IdleServer.HEAP, START));
    emptyServerBytes = ask(server, IdleServer.HEAP);
    clients.send("connect");
    clients.await(IdleClients.CONNECTED, CONNECT);
  }

  /** Starts both and connects them. */
  static IdleSide start(RunResources runResources, Kind kind, int connections, int intervalSeconds)
      throws IOException, InterruptedException {
    String name = kind.name();
    ChildJvm server =
        runResources.own(
            ChildJvm.start(
                name, IdleServer.class, JVM_OPTIONS, List.of(name, "" + intervalSeconds)));
    String port = server.await(IdleServer.PORT, START);
    ChildJvm clients =
        runResources.own(
            ChildJvm.start(
                name + "-clients",
                IdleClients.class,
                JVM_OPTIONS,
                List.of(port, "" + connections, "" + (kind == Kind.HOLDFAST))));
    return new IdleSide(kind, connections, server, clients);
  }

  Kind kind() {
    return kind;
  }

  /** Bytes of heap per connection in the server. */
  double serverBytes() throws IOException, InterruptedException {
    return (ask(server, IdleServer.HEAP) - emptyServerBytes) / (double) connections;
  }

  /** Bytes of heap per connection in the process of the clients. */
  double clientBytes() throws IOException, InterruptedException {
    return (ask(clients, IdleServer.HEAP) - emptyClientBytes) / (double) connections;
  }

  /** The number of connections that are open. */
  long open() throws IOException, InterruptedException {
    return ask(clients, IdleClients.OPEN);
  }

  /** The server's CPU time and the PINGs that it sent so far. */
  Usage usage() throws IOException, InterruptedException {
    return new Usage(ask(server, IdleServer.CPU), ask(clients, IdleClients.PINGS));
  }

  /**
   * The CPU time and PINGs of a server.
   *
   * @param cpuNanos CPU time of the server's whole process, in nanoseconds
   * @param pings PINGs that its clients have received
   */
  record Usage(long cpuNanos, long pings) {
    Usage since(Usage earlier) {
      return new Usage(cpuNanos - earlier.cpuNanos, pings - earlier.pings);
    }

    double cpuMillis() {
      return cpuNanos / 1e6;
    }

    /** Windows end within a burst of PINGs: what is not counted here is so in the next one. */
    double cpuMillisPerPing() {
      return Math.max(CPU_TICK_MILLIS, cpuMillis()) / Math.max(1, pings);
    }
  }

  private static long ask(ChildJvm child, String what) throws IOException, InterruptedException {
    child.send(what);
    return Long.parseLong(child.await(what, START));
  }
}
