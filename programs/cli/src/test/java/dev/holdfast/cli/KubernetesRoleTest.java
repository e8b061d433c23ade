package dev.holdfast.cli;

import static dev.holdfast.cli.ManifestSchemas.at;
import static dev.holdfast.cli.ManifestSchemas.documents;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.lab.kubernetes.ApiServer;
import dev.holdfast.lab.kubernetes.EndpointSlice;
import dev.holdfast.lab.kubernetes.RbacRule;
import dev.holdfast.lab.kubernetes.SlicePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The role that {@code holdfast kubernetes rbac} prints, at an API server that allows it alone. */
class KubernetesRoleTest {
  @TempDir private Path scratch;

  /** The role is read back from what was printed; a server that knows nothing else is asked. */
  @Test
  void roleThatWasPrintedSufficesAndWhatIsMissingIsNamedWithTheRole() throws Exception {
    Map<String, Object> role =
        documents(CommandRun.of("kubernetes", "rbac", "--namespace", "prod").out()).get(0);
    @SuppressWarnings("unchecked")
    List<String> verbs = (List<String>) at(role, "rules.0.verbs");
    try (ApiServer server = ApiServer.start()) {
      server
          .store()
          .put(
              EndpointSlice.of("prod", "orders", "orders-a")
                  .withPorts(SlicePort.tcp("grpc", 50_051))
                  .withAddresses("10.0.0.1"));
      allow(server, new HashSet<>(verbs));
      assertThat(resolve(server).out()).startsWith("10.0.0.1:50051");

      allow(server, Set.of("get", "watch"));
      CommandRun refused = resolve(server);

      assertThat(refused.code()).isEqualTo(ExitCode.FAILED);
      assertThat(refused.err()).contains("list", "endpointslices", "prod", "kubernetes rbac");
    }
  }

  private static void allow(ApiServer server, Set<String> verbs) {
    server
        .access()
        .allowOnly(List.of(new RbacRule("prod", "discovery.k8s.io", "endpointslices", verbs)));
  }

  private CommandRun resolve(ApiServer server) throws IOException {
    Path kubeconfig =
        Files.writeString(
            scratch.resolve("kubeconfig"),
            """
            apiVersion: v1
            kind: Config
            current-context: test
            clusters: [{name: test, cluster: {server: "%s"}}]
            users: [{name: test, user: {token: test}}]
            contexts: [{name: test, context: {cluster: test, user: test, namespace: prod}}]
            """
                .formatted(server.url()));
    // The machine may be busy.
    return CommandRun.of(
        "resolve", "kubernetes:///orders.prod:grpc?request-timeout=1m&kubeconfig=" + kubeconfig);
  }
}
