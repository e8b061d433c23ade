package dev.holdfast.bench.spring;

import dev.holdfast.bench.run.RunResources;
import dev.holdfast.core.local.FreePort;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Servers without the starter, found by a DNS name, as pods behind a headless Service of
 * Kubernetes: each instance has a new address and all the same port. The records of the name are
 * lines of a hosts file that the client's JVM reads instead of asking a DNS server. An instance is
 * in them from the moment it is ready until it is told to stop or has died.
 */
final class StockServers implements OrdersServers {
  private static final String NAME = "orders.bench.internal";

  /** All of 127.0.0.0/8 is the loopback network. */
  private static final String NETWORK = "127.0.7.";

  private final BootPrograms programs;
  private final RunResources runResources;
  private final Path java;
  private final Path hosts;
  private final int port;
  private final List<String> properties;
  private final Set<String> found = new LinkedHashSet<>();
  private int started;

  /**
   * @param folder for the hosts file
   * @param properties of every server, as {@code name=value}
   */
  StockServers(
      BootPrograms programs,
      RunResources runResources,
      Path java,
      Path folder,
      List<String> properties)
      throws IOException {
    this.programs = programs;
    this.runResources = runResources;
    this.java = java;
    this.hosts = folder.resolve("hosts");
    this.properties = List.copyOf(properties);
    port = FreePort.find();
    publish();
  }

  /** The target by which clients find them. */
  String target() {
    return "dns:///" + NAME + ":" + port;
  }

  /** The option by which a JVM reads the hosts file. */
  String hostsOption() {
    return "-Djdk.net.hosts.file=" + hosts;
  }

  @Override
  public Instance begin() throws IOException {
    started++;
    String host = NETWORK + started;
    String name = "stock-" + started;
    List<String> all =
        Stream.concat(
                Stream.of(
                    "orders.instance=" + name,
                    "spring.grpc.server.address=" + host,
                    "spring.grpc.server.port=" + port),
                properties.stream())
            .toList();
    List<String> command =
        programs.command(BootPrograms.Application.SERVER, false, java, List.of(), all);
    return new Instance(runResources.own(BootProcess.start(name, command)), host);
  }

  @Override
  public void awaitFound(Instance instance) throws Exception {
    int unused = instance.process().awaitReady();
    found.add(instance.address());
    publish();
  }

  @Override
  public void beginStop(Instance instance) throws IOException {
    found.remove(instance.address());
    publish();
    instance.process().terminate();
  }

  @Override
  public void awaitForgotten(Instance instance) {
    // It was forgotten before it was told to stop.
  }

  @Override
  public void kill(Instance instance) throws Exception {
    instance.process().kill();
    found.remove(instance.address());
    publish();
  }

  /** Replaces the file as a whole, so that no lookup sees a part of it. */
  private void publish() throws IOException {
    String records =
        found.stream().map(host -> host + " " + NAME + "\n").collect(Collectors.joining());
    String self = InetAddress.getLocalHost().getHostName();
    Path written = hosts.resolveSibling("hosts.new");
    Files.writeString(written, "127.0.0.1 localhost " + self + "\n" + records);
    Files.move(written, hosts, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
