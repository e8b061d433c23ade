package dev.holdfast.bench.spring;

import dev.holdfast.bench.process.EtcdStub;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.core.local.FreePort;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Servers with the starter, which register themselves in etcd. */
final class StarterServers implements OrdersServers {
  static final String NAMESPACE = "bench";
  private static final int TTL_SECONDS = 5;

  private final BootPrograms programs;
  private final RunResources runResources;
  private final Path java;
  private final EtcdStub etcd;
  private final String etcdAddress;
  private final String service;
  private int started;

  /**
   * @param etcdAddress as {@code host:port}
   * @param service under which they register, in the namespace {@value #NAMESPACE}
   */
  StarterServers(
      BootPrograms programs,
      RunResources runResources,
      Path java,
      EtcdStub etcd,
      String etcdAddress,
      String service) {
    this.programs = programs;
    this.runResources = runResources;
    this.java = java;
    this.etcd = etcd;
    this.etcdAddress = etcdAddress;
    this.service = service;
  }

  /** The target by which clients find them. */
  static String target(String etcdAddress, String service) {
    return "etcd://" + etcdAddress + "/" + NAMESPACE + "/" + service;
  }

  @Override
  public Instance begin() throws IOException {
    started++;
    int port = FreePort.find();
    String name = service + "-starter-" + started;
    List<String> properties =
        List.of(
            "orders.instance=" + name,
            "spring.grpc.server.address=127.0.0.1",
            "spring.grpc.server.port=" + port,
            "holdfast.server.registry=etcd://"
                + etcdAddress
                + "/"
                + NAMESPACE
                + "?ttl="
                + TTL_SECONDS
                + "s",
            "holdfast.server.service=" + service);
    return new Instance(
        runResources.own(
            BootProcess.start(
                name,
                programs.command(
                    BootPrograms.Application.SERVER, true, java, List.of(), properties))),
        "127.0.0.1:" + port);
  }

  @Override
  public void awaitFound(Instance instance) throws Exception {
    int unused = instance.process().awaitReady();
    Await.until("the record of " + instance.name(), () -> isRegistered(instance));
  }

  @Override
  public void beginStop(Instance instance) {
    instance.process().terminate();
  }

  @Override
  public void awaitForgotten(Instance instance) throws Exception {
    Await.until("the record of " + instance.name() + " gone", () -> !isRegistered(instance));
  }

  @Override
  public void kill(Instance instance) throws InterruptedException {
    instance.process().kill();
  }

  private boolean isRegistered(Instance instance) {
    String key = EtcdStub.key(NAMESPACE + "/" + service, instance.address());
    return etcd.records(NAMESPACE + "/" + service).stream()
        .anyMatch(record -> record.getKey().toStringUtf8().equals(key));
  }
}
