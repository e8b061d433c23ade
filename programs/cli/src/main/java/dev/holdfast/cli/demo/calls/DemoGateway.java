package dev.holdfast.cli.demo.calls;

import dev.holdfast.cli.demo.load.CallStats;
import dev.holdfast.cli.demo.process.DemoResources;
import dev.holdfast.cli.demo.process.InstanceLauncher;
import dev.holdfast.cli.demo.process.InstanceProcess;
import dev.holdfast.cli.demo.process.RunDirectory;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.local.FreePort;
import dev.holdfast.examples.v1.OrdersGrpc;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The gateway of a run: its process, its configuration file, and the ledger of the calls through
 * it.
 */
final class DemoGateway implements AutoCloseable {
  // It lives for a minute, so it starts fast; its buffers want more than an instance has.
  private static final List<String> JVM =
      List.of(
          "-XX:TieredStopAtLevel=1",
          "-XX:+UseSerialGC",
          "-XX:MetaspaceSize=96m",
          "-Xms32m",
          "-Xmx128m",
          "-Dio.netty.leakDetection.level=disabled");
  private static final Pattern LISTENING = Pattern.compile(".*\"listen\":\"([^\"]+)\".*");
  private static final long KILL_MILLIS = 5_000;

  private final InstanceProcess process;
  private final Path file;
  private final String target;
  private final int adminPort;
  private final CallStats stats = new CallStats();

  private DemoGateway(InstanceProcess process, Path file, String target, int adminPort) {
    this.process = process;
    this.file = file;
    this.target = target;
    this.adminPort = adminPort;
  }

  /**
   * Starts it; it is not ready yet when this returns.
   *
   * @param target the service that it serves, as a URI
   */
  static DemoGateway start(DemoResources resources, String target) throws IOException {
    RunDirectory runDirectory = resources.runDirectory();
    Path file = runDirectory.directory().resolve("gateway.yaml");
    Files.writeString(file, toAll(target));
    List<String> arguments = new ArrayList<>();
    int adminPort = FreePort.find();
    arguments.addAll(
        List.of(
            "gateway",
            "--json",
            "--listen=127.0.0.1:0",
            "--admin=127.0.0.1:" + adminPort,
            "--config=" + file));
    if (resources.scrapeTargets().isEnabled()) {
      int port = FreePort.find();
      arguments.add("--metrics=127.0.0.1:" + port);
      resources.scrapeTargets().add("gateway", port);
    }
    InstanceProcess process =
        InstanceProcess.start(
            "gateway",
            InstanceLauncher.command(JVM, GatewayMain.class, arguments),
            runDirectory.logs().resolve("gateway.log"),
            LISTENING);
    return new DemoGateway(process, file, target, adminPort);
  }

  /** The address of its admin page. */
  HostPort adminAddress() {
    return new HostPort("127.0.0.1", adminPort);
  }

  InstanceProcess process() {
    return process;
  }

  /** The gateway's process as a list if it ended without being asked to; else empty. */
  List<InstanceProcess> crashed() {
    return process.state() == InstanceProcess.InstanceProcessState.CRASHED
        ? List.of(process)
        : List.of();
  }

  /** The ledger of the calls made through the gateway. */
  CallStats stats() {
    return stats;
  }

  /** The address on which the gateway serves. Fails as long as the gateway is not ready. */
  HostPort address() {
    return process.address().orElseThrow();
  }

  /** A line for a shell that calls the service through it. */
  String curl() {
    return "curl -H 'content-type: application/json' -d '{\"id\":\"7\"}' http://"
        + address()
        + "/"
        + OrdersGrpc.getGetMethod().getFullMethodName();
  }

  /** Edits its file: calls go to every instance of the service. */
  void routeToAll() throws IOException {
    edit(toAll(target));
  }

  /** Edits its file: all calls go to one instance. */
  void routeTo(HostPort instance) throws IOException {
    edit(
        """
        clusters:
          one: {endpoints: ['%s']}
        routes:
          - cluster: one
            retry: {idempotent: true}
        """
            .formatted(instance));
  }

  /** Edits its file and makes a mistake. */
  void misspell() throws IOException {
    edit("clusters: {one: {endpoints: ['127.0.0.1:1']}}\nroutes: [{cluster: onne}]\n");
  }

  /** Whether it said that it refused a file. */
  boolean hasRefused() {
    try {
      return Files.readString(process.log()).contains("event=config_refused");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws InterruptedException {
    if (process.isAlive()) {
      process.kill();
    }
    if (!process.awaitEnd(KILL_MILLIS)) {
      throw new IllegalStateException("gateway, process " + process.pid() + ", survived SIGKILL");
    }
  }

  // At once, as editors do: nobody reads half a file.
  private void edit(String text) throws IOException {
    Path next = file.resolveSibling("gateway.yaml.next");
    Files.writeString(next, text);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static String toAll(String target) {
    return """
    clusters:
      orders: {target: '%s'}
    routes:
      - cluster: orders
        retry: {idempotent: true}
    """
        .formatted(target.replace("'", "''"));
  }
}
