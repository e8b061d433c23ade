package dev.holdfast.examples;

import static org.awaitility.Awaitility.await;

import dev.holdfast.core.RegistrationState;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.lab.kubernetes.ApiServer;
import dev.holdfast.lab.kubernetes.EndpointSlice;
import dev.holdfast.lab.kubernetes.SlicePort;
import dev.holdfast.lab.process.RecordedJvm;
import dev.holdfast.registry.etcd.local.EtcdProcess;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * An unchanged grpc-java program, in a process of its own, with our jars on its class path and a
 * variable or two: it follows a registry, and calls all instances that there are.
 */
@Timeout(300)
class StockProgramTest {
  private static final String SWITCH = "HOLDFAST_PATH=default";

  @TempDir Path folder;

  @Test
  void itFollowsTheSlicesOfKubernetes() throws Exception {
    try (ApiServer kubernetes = ApiServer.start()) {
      Server first = serve("first");
      kubernetes.store().put(slice("one", first));
      List<String> environment =
          List.of("env", SWITCH, "KUBECONFIG=" + kubeconfig(kubernetes.url()));
      try (RecordedJvm program =
          RecordedJvm.startBehind(
              environment, StockProgram.class, "kubernetes:///orders.prod:grpc")) {
        awaitAnswer(program, "first");

        Server second = serve("second");
        kubernetes.store().put(slice("two", second));
        awaitAnswer(program, "first+second");

        kubernetes.store().put(EndpointSlice.of("prod", "orders", "one"));
        awaitAnswer(program, "second");
        second.shutdownNow();
      }
      first.shutdownNow();
    }
  }

  @Test
  void itFollowsTheRecordsOfEtcd() throws Exception {
    try (EtcdProcess etcd = EtcdProcess.start(folder)) {
      String target = etcd.uri("prod") + "/orders";
      HoldfastServer first = register("first", target);
      try (RecordedJvm program =
          RecordedJvm.startBehind(List.of("env", SWITCH), StockProgram.class, target)) {
        awaitAnswer(program, "first");

        HoldfastServer second = register("second", target);
        awaitAnswer(program, "first+second");
        second.shutdownNow();
      }
      first.shutdownNow();
      soon().until(() -> first.registration().state() == RegistrationState.ABSENT);
    }
  }

  private static void awaitAnswer(RecordedJvm program, String expected) {
    soon().until(() -> program.ask("call", "answered").equals(expected));
  }

  private static ConditionFactory soon() {
    return await().atMost(Duration.ofSeconds(90));
  }

  private static Server serve(String name) throws IOException {
    return Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
        .addService(new OrdersService(name, "", ""))
        .build()
        .start();
  }

  private static HoldfastServer register(String name, String target) throws IOException {
    HoldfastServer server =
        HoldfastServerBuilder.forPort(0)
            .addService(new OrdersService(name, "", ""))
            .register(target)
            .build()
            .start();
    soon().until(() -> server.registration().state() == RegistrationState.VISIBLE);
    return server;
  }

  /** Each pod with a port of its own, which the name of the port leads to. */
  private static EndpointSlice slice(String name, Server pod) {
    return EndpointSlice.of("prod", "orders", name)
        .withPorts(SlicePort.tcp("grpc", pod.getPort()), SlicePort.tcp("metrics", 9))
        .withAddresses("127.0.0.1");
  }

  private Path kubeconfig(String server) throws IOException {
    return Files.writeString(
        folder.resolve("kubeconfig"),
        """
        apiVersion: v1
        kind: Config
        current-context: here
        contexts: [{name: here, context: {cluster: lab, user: me}}]
        clusters: [{name: lab, cluster: {server: "%s"}}]
        users: [{name: me, user: {token: sesame}}]
        """
            .formatted(server));
  }
}
