package dev.holdfast.registry.kubernetes;

import static dev.holdfast.registry.kubernetes.KubernetesFixture.addresses;
import static dev.holdfast.registry.kubernetes.KubernetesFixture.awaitAddresses;
import static dev.holdfast.registry.kubernetes.KubernetesFixture.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.testkit.RecordedWatch;
import dev.holdfast.lab.kubernetes.EndpointSlice;
import dev.holdfast.lab.kubernetes.SlicePort;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of the registry when a real kube-apiserver and its store have bad days. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class RealApiServerFaultsIT {
  private static final String PROD = "prod";

  @TempDir Path folder;
  private final KubernetesFixture fixture = new KubernetesFixture();
  private RealCluster cluster;
  private Path kubeconfig;

  @BeforeEach
  void start(@TempDir Path clusterFolder) throws Exception {
    cluster = RealCluster.start(clusterFolder);
    cluster.calls().namespace(PROD);
    KubernetesRole role = KubernetesRole.of(PROD);
    cluster.grant(PROD, role.yaml(), role.bindingYaml("shop", PROD));
    kubeconfig = cluster.kubeconfig(folder, PROD, cluster.account(PROD, "shop"));
    hold("10.1.0.1");
  }

  @AfterEach
  void close() {
    fixture.close();
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  void aServerThatIsKilledAndStartedAgainLosesNothing() throws Exception {
    RecordedWatch watch = followed("");

    cluster.kill();
    soon().until(() -> !watch.failures().isEmpty());
    assertThat(addresses(watch)).containsExactly("10.1.0.1:50051");
    cluster.startAgain();
    hold("10.1.0.1", "10.1.0.2");

    awaitAddresses(watch, "10.1.0.1:50051", "10.1.0.2:50051");
    // A server that has just started refuses everybody (403) until it has read its roles.
    assertThat(watch.failures())
        .extracting(RegistryException::kind)
        .startsWith(RegistryException.RegistryErrorKind.UNAVAILABLE)
        .containsAnyOf(
            RegistryException.RegistryErrorKind.UNAVAILABLE,
            RegistryException.RegistryErrorKind.PERMISSION_DENIED);
    assertThat(watch.snapshots()).allMatch(snapshot -> !snapshot.endpoints().endpoints().isEmpty());
    assertThat(requests()).noneMatch(request -> request.endsWith("resourceVersion=0"));
  }

  @Test
  void aServerThatStopsInItsTracksIsLeftAndFollowedAgain() throws Exception {
    RecordedWatch watch = followed("silence=3s&request-timeout=2s&");

    cluster.pause();
    soon().until(() -> !watch.failures().isEmpty());
    assertThat(addresses(watch)).containsExactly("10.1.0.1:50051");
    cluster.resume();
    hold("10.1.0.3");

    awaitAddresses(watch, "10.1.0.3:50051");
  }

  /** Without its cache a server asks etcd for each watch, which can't begin at what it forgot. */
  @Test
  void aVersionThatWasCompactedAwayLeadsToAList() throws Exception {
    cluster.kill();
    cluster.startAgain("--watch-cache=false");
    RecordedWatch watch = followed("watch-timeout=10s&");
    hold("10.1.0.2");
    awaitAddresses(watch, "10.1.0.2:50051");
    int listsBefore = lists().size();

    cluster.calls().touch(PROD, 3);
    cluster.calls().compact();
    soon().until(() -> lists().size() > listsBefore);

    assertThat(lists().get(listsBefore)).contains("resourceVersionMatch=NotOlderThan");
    hold("10.1.0.4");
    awaitAddresses(watch, "10.1.0.4:50051");
    assertThat(watch.failures()).isEmpty();
  }

  @Test
  void aClusterThatIsRestoredFromABackupIsFollowedAsItIsThen() throws Exception {
    cluster.backUp();
    RecordedWatch watch = followed("watch-timeout=10s&");
    cluster.calls().touch(PROD, 300);
    hold("10.1.0.8");
    awaitAddresses(watch, "10.1.0.8:50051");

    cluster.restore();

    awaitAddresses(watch, "10.1.0.1:50051");
    hold("10.1.0.9");
    awaitAddresses(watch, "10.1.0.9:50051");
  }

  @Test
  void aTokenOfADeletedAccountIsReplacedByThatInItsFile() throws Exception {
    Path account = Files.createDirectory(folder.resolve("account"));
    Files.writeString(account.resolve("token"), cluster.account(PROD, "shop"));
    Files.writeString(account.resolve("namespace"), PROD);
    Files.copy(cluster.authority(), account.resolve("ca.crt"));
    Registry registry =
        fixture.open(
            "?watch-timeout=10s&account=" + account,
            Map.of(
                "KUBERNETES_SERVICE_HOST",
                "localhost",
                "KUBERNETES_SERVICE_PORT",
                cluster.url().replaceAll(".*:", "")));
    RecordedWatch watch = fixture.watch(registry, "orders:grpc");
    awaitAddresses(watch, "10.1.0.1:50051");

    cluster.deleteAccount(PROD, "shop");
    soon().until(() -> !watch.failures().isEmpty());
    assertThat(watch.failures().get(0).kind())
        .isEqualTo(RegistryException.RegistryErrorKind.UNAUTHENTICATED);
    hold("10.1.0.5");
    Files.writeString(account.resolve("token"), cluster.account(PROD, "shop"));

    awaitAddresses(watch, "10.1.0.5:50051");
  }

  private RecordedWatch followed(String parameters) throws Exception {
    Registry registry = fixture.open("?" + parameters + "kubeconfig=" + kubeconfig, Map.of());
    int before = requests().size();
    RecordedWatch watch = fixture.watch(registry, "orders:grpc");
    awaitAddresses(watch, "10.1.0.1:50051");
    soon().until(() -> requests().stream().skip(before).anyMatch(r -> r.contains("watch=true")));
    return watch;
  }

  private void hold(String... endpoints) throws Exception {
    cluster
        .calls()
        .put(
            EndpointSlice.of(PROD, "orders", "orders-a")
                .withPorts(SlicePort.tcp("grpc", 50051))
                .withAddresses(endpoints));
  }

  private List<String> lists() throws Exception {
    return requests().stream().filter(request -> !request.contains("watch=true")).toList();
  }

  private List<String> requests() throws Exception {
    return cluster.requests("system:serviceaccount:prod:shop");
  }
}
