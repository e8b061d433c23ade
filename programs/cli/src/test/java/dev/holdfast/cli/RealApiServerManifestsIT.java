package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.lab.kubernetes.EndpointSlice;
import dev.holdfast.lab.kubernetes.SlicePort;
import dev.holdfast.registry.kubernetes.RealCluster;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the kubernetes commands print is taken by a real kube-apiserver, unknown fields refused, and
 * suffices there. {@code ./verify --long} builds the server and runs this.
 */
class RealApiServerManifestsIT {
  private static final String CLIENT =
      "kubernetes manifest client --namespace web --name shop --image shop:1.0"
          + " --target kubernetes:///orders.prod:grpc";
  private static final String CONTROL =
      "kubernetes manifest control --namespace mesh --services-namespace prod --image holdfast:0.1";
  private static final String GATEWAY =
      "kubernetes manifest gateway --namespace edge --services-namespace prod --image holdfast:0.1";

  @TempDir static Path clusterFolder;
  private static RealCluster cluster;

  @TempDir Path folder;

  @BeforeAll
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  static void start() throws Exception {
    cluster = RealCluster.start(clusterFolder);
    for (String namespace : new String[] {"prod", "web", "mesh", "edge"}) {
      cluster.calls().namespace(namespace);
    }
  }

  @AfterAll
  static void stop() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        CLIENT,
        CLIENT + " --service-account web --replicas 5 --target-variable ORDERS_TARGET",
        CONTROL,
        CONTROL + " --tls-secret mesh-tls --name xds --replicas 1",
        GATEWAY,
        GATEWAY + " --tls-secret edge-tls --name front --replicas 3 --drain 10m",
        "kubernetes manifest gateway --namespace edge --image holdfast:0.1",
        "kubernetes rbac --namespace prod --account-namespace web"
      })
  void manifestsAreTakenWithNothingUnknownInThem(String line) throws Exception {
    ClusterDryRun.assertTaken(cluster, print(line));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "replicas: 2|replicas: two",
        "serviceAccountName|serviceAccountNam",
        "image: shop:1.0|imag: shop:1.0",
        "mountPath: /var/cache/holdfast|mountPath: \"\""
      })
  void theServerFindsWhatIsWrong(String change) throws Exception {
    String[] words = change.split("\\|", -1);
    String deployment = ClusterDryRun.texts(print(CLIENT))[3];
    assertThat(deployment).contains(words[0]);

    HttpResponse<String> answer =
        ClusterDryRun.dryRun(cluster, deployment.replace(words[0], words[1]));

    // A field that it does not know is 500 to a server-side apply.
    assertThat(answer.statusCode()).as(answer.body()).isGreaterThanOrEqualTo(400);
  }

  @Test
  void anAccountResolvesWhatItsRoleAllowsAndNothingBeforeItHasIt() throws Exception {
    cluster
        .calls()
        .put(
            EndpointSlice.of("prod", "orders", "orders-a")
                .withPorts(SlicePort.tcp("grpc", 50_051))
                .withAddresses("10.1.0.1"));
    Path kubeconfig = cluster.kubeconfig(folder, "prod", cluster.account("web", "shop"));

    CommandRun refused = resolve(kubeconfig);
    for (String document :
        ClusterDryRun.texts(
            print(
                "kubernetes rbac --namespace prod --service-account shop --account-namespace"
                    + " web"))) {
      ClusterDryRun.apply(cluster, document);
    }

    assertThat(refused.code()).isEqualTo(ExitCode.FAILED);
    assertThat(refused.err()).contains("list", "endpointslices", "prod", "kubernetes rbac");
    CommandRun resolved = resolve(kubeconfig);
    assertThat(resolved.out()).as(resolved.err()).startsWith("10.1.0.1:50051");
  }

  private static CommandRun resolve(Path kubeconfig) {
    return CommandRun.of(
        "resolve", "kubernetes:///orders.prod:grpc?request-timeout=1m&kubeconfig=" + kubeconfig);
  }

  private static String print(String line) {
    CommandRun run = CommandRun.of(line.split(" ", -1));
    assertThat(run.code()).as(run.err()).isZero();
    return run.out();
  }
}
