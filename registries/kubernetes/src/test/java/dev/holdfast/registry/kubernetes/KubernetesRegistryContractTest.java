package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.ReadableRegistryContractTest;
import dev.holdfast.lab.kubernetes.ApiServer;
import dev.holdfast.lab.kubernetes.EndpointSlice;
import dev.holdfast.lab.kubernetes.SlicePort;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** The readable part of the contract at an API server on real sockets. */
class KubernetesRegistryContractTest extends ReadableRegistryContractTest {
  private final ApiServer server = ApiServer.start();

  @TempDir Path folder;

  @AfterEach
  void closeServer() {
    server.close();
  }

  @Override
  protected Registry open(RegistryContext context) throws Exception {
    Path kubeconfig = Kubeconfigs.write(folder, server.url(), "{token: sesame}");
    return new KubernetesRegistryProvider()
        .open(
            RegistryUri.parse("kubernetes:///?request-timeout=6s&kubeconfig=" + kubeconfig),
            context);
  }

  /** Namespaces of Kubernetes do not nest. */
  @Override
  protected ServiceName spelled(ServiceName name) {
    return new ServiceName(name.namespace().replace('/', '-'), name.name(), name.port());
  }

  @Override
  protected void hold(ServiceName service, Endpoint... endpoints) {
    server
        .store()
        .put(
            EndpointSlice.of(service.namespace(), service.name(), service.name() + "-1")
                .withPorts(SlicePort.tcp("grpc", 50051))
                .withAddresses(
                    Stream.of(endpoints).map(e -> e.address().host()).toArray(String[]::new)));
  }

  @Override
  protected void breakConnection() {
    server.stop();
  }

  @Override
  protected void restoreConnection() {
    server.startAgain();
  }
}
