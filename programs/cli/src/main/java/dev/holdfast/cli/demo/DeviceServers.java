package dev.holdfast.cli.demo;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.local.FreePort;
import dev.holdfast.lab.Middlebox;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The servers of {@code demo streams}. Each is a process behind a middlebox of its own, whose
 * address the server announces. Thread-safe.
 */
final class DeviceServers implements AutoCloseable {
  private static final long KILL_MILLIS = 5_000;
  private static final List<String> JVM =
      List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xms64m", "-Xmx192m", "-Xss512k");

  /** A server process and the middlebox in front of it. */
  record Server(InstanceProcess process, Middlebox door) {}

  /**
   * The start parameters that all servers share.
   *
   * @param target to register as
   * @param store URI of the store
   * @param tokenKey the file with the token key
   * @param folder for logs and effect logs
   */
  record Setting(String target, String store, Path tokenKey, Path folder) {}

  private final Setting setting;
  private final List<Server> servers = new CopyOnWriteArrayList<>();
  private boolean closed;

  DeviceServers(Setting setting) {
    this.setting = setting;
  }

  /** Starts one; it is not ready yet when this returns. */
  synchronized Server launch() throws IOException {
    if (closed) {
      throw new IOException("the demo is ending");
    }
    int port;
    try (ServerSocket free = FreePort.bind()) {
      port = free.getLocalPort();
    }
    Middlebox door = Middlebox.toPort(port).start();
    String name = "s" + (servers.size() + 1);
    List<String> arguments =
        List.of(
            setting.target(),
            Integer.toString(port),
            "127.0.0.1:" + door.port(),
            setting.store(),
            setting.tokenKey().toString(),
            setting.folder().resolve(name + EffectLog.SUFFIX).toString());
    try {
      InstanceProcess process =
          InstanceProcess.start(
              name,
              InstanceLauncher.command(JVM, DeviceServerMain.class, arguments),
              setting.folder().resolve(name + ".log"));
      Server server = new Server(process, door);
      servers.add(server);
      return server;
    } catch (IOException e) {
      door.close();
      throw e;
    }
  }

  /** Everyone, the gone ones included. */
  List<Server> all() {
    return List.copyOf(servers);
  }

  /** The servers that run and were not asked to end. */
  List<Server> wanted() {
    return servers.stream().filter(server -> server.process().isWanted()).toList();
  }

  /** The middleboxes in front of the running servers. */
  List<Middlebox> doors() {
    return servers.stream().filter(server -> server.process().isAlive()).map(Server::door).toList();
  }

  /**
   * The addresses that clients connect to now: those of the middleboxes in front of the servers in
   * {@link #wanted}.
   */
  List<HostPort> addresses() {
    return wanted().stream().flatMap(server -> server.process().address().stream()).toList();
  }

  List<InstanceProcess> crashed() {
    return servers.stream()
        .map(Server::process)
        .filter(process -> process.state() == InstanceProcess.State.CRASHED)
        .toList();
  }

  /** Kills every process that still runs and starts no more. */
  @Override
  public void close() throws InterruptedException {
    synchronized (this) {
      closed = true;
    }
    List<String> survivors = new ArrayList<>();
    for (Server server : servers) {
      if (server.process().isAlive()) {
        server.process().kill();
      }
      server.door().close();
    }
    for (Server server : servers) {
      if (!server.process().awaitEnd(KILL_MILLIS)) {
        survivors.add(server.process().name());
      }
    }
    if (!survivors.isEmpty()) {
      throw new IllegalStateException(survivors + " survived SIGKILL");
    }
  }
}
