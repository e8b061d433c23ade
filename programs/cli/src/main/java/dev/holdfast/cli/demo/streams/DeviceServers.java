package dev.holdfast.cli.demo.streams;

import dev.holdfast.cli.demo.process.DemoAdmin;
import dev.holdfast.cli.demo.process.InstanceLauncher;
import dev.holdfast.cli.demo.process.InstanceProcess;
import dev.holdfast.cli.demo.process.ScrapeTargets;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.local.FreePort;
import dev.holdfast.lab.Middlebox;
import java.io.IOException;
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
  record DeviceServer(InstanceProcess process, Middlebox middlebox) {}

  /**
   * The start parameters that all servers share.
   *
   * @param target to register as
   * @param store URI of the store
   * @param tokenKey the file with the token key
   * @param folder for logs and effect logs
   * @param scrapeTargets where each server adds itself
   * @param admin the admin service that each server has
   */
  record DeviceServerOptions(
      String target,
      String store,
      Path tokenKey,
      Path folder,
      ScrapeTargets scrapeTargets,
      DemoAdmin admin) {}

  private final DeviceServerOptions deviceServerOptions;
  private final List<DeviceServer> deviceServers = new CopyOnWriteArrayList<>();
  private boolean closed;

  DeviceServers(DeviceServerOptions deviceServerOptions) {
    this.deviceServerOptions = deviceServerOptions;
  }

  /** Starts one; it is not ready yet when this returns. */
  synchronized DeviceServer launch() throws IOException {
    if (closed) {
      throw new IOException("the demo is ending");
    }
    int port = FreePort.find();
    Middlebox middlebox = Middlebox.toPort(port).start();
    String name = "s" + (deviceServers.size() + 1);
    List<String> jvm = new ArrayList<>(JVM);
    jvm.addAll(deviceServerOptions.scrapeTargets().jvmOptions(name));
    jvm.addAll(deviceServerOptions.admin().jvmOptions());
    List<String> arguments =
        List.of(
            deviceServerOptions.target(),
            Integer.toString(port),
            "127.0.0.1:" + middlebox.port(),
            deviceServerOptions.store(),
            deviceServerOptions.tokenKey().toString(),
            deviceServerOptions.folder().resolve(name + EffectLog.SUFFIX).toString());
    try {
      InstanceProcess process =
          InstanceProcess.start(
              name,
              InstanceLauncher.command(jvm, DeviceServerMain.class, arguments),
              deviceServerOptions.folder().resolve(name + ".log"));
      DeviceServer deviceServer = new DeviceServer(process, middlebox);
      deviceServers.add(deviceServer);
      return deviceServer;
    } catch (IOException e) {
      middlebox.close();
      throw e;
    }
  }

  /** Everyone, the gone ones included. */
  List<DeviceServer> all() {
    return List.copyOf(deviceServers);
  }

  /** The servers that run and were not asked to end. */
  List<DeviceServer> active() {
    return deviceServers.stream()
        .filter(deviceServer -> deviceServer.process().isActive())
        .toList();
  }

  /** The middleboxes in front of the running servers. */
  List<Middlebox> middleboxes() {
    return deviceServers.stream()
        .filter(deviceServer -> deviceServer.process().isAlive())
        .map(DeviceServer::middlebox)
        .toList();
  }

  /**
   * The addresses that clients connect to now: those of the middleboxes in front of the servers in
   * {@link #active}.
   */
  List<HostPort> addresses() {
    return active().stream()
        .flatMap(deviceServer -> deviceServer.process().address().stream())
        .toList();
  }

  List<InstanceProcess> crashed() {
    return deviceServers.stream()
        .map(DeviceServer::process)
        .filter(process -> process.state() == InstanceProcess.InstanceProcessState.CRASHED)
        .toList();
  }

  /** Kills every process that still runs and starts no more. */
  @Override
  public void close() throws InterruptedException {
    synchronized (this) {
      closed = true;
    }
    List<String> survivors = new ArrayList<>();
    for (DeviceServer deviceServer : deviceServers) {
      if (deviceServer.process().isAlive()) {
        deviceServer.process().kill();
      }
      deviceServer.middlebox().close();
    }
    for (DeviceServer deviceServer : deviceServers) {
      if (!deviceServer.process().awaitEnd(KILL_MILLIS)) {
        survivors.add(deviceServer.process().name());
      }
    }
    if (!survivors.isEmpty()) {
      throw new IllegalStateException(survivors + " survived SIGKILL");
    }
  }
}
