package dev.holdfast.registry.kubernetes;

import static dev.holdfast.registry.kubernetes.KubernetesFixture.addresses;
import static dev.holdfast.registry.kubernetes.KubernetesFixture.awaitAddresses;
import static dev.holdfast.registry.kubernetes.KubernetesFixture.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.testkit.RecordedWatch;
import dev.holdfast.lab.kubernetes.EndpointSlice;
import dev.holdfast.lab.kubernetes.SliceEndpoint;
import dev.holdfast.lab.kubernetes.SlicePort;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The registry at a real kube-apiserver, as an account that has the role which is printed for it
 * and no other right. {@code ./verify --long} builds the server and runs this.
 */
class RealApiServerIT {
  private static final AtomicInteger RUN = new AtomicInteger();
  private static final SlicePort GRPC = SlicePort.tcp("grpc", 50051);

  @TempDir static Path clusterFolder;
  private static RealCluster cluster;

  @TempDir Path folder;
  private final KubernetesFixture fixture = new KubernetesFixture();
  private String namespace;
  private Path kubeconfig;
  private Registry registry;

  @BeforeAll
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  static void start() throws Exception {
    cluster = RealCluster.start(clusterFolder);
  }

  @AfterAll
  static void stop() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @BeforeEach
  void open() throws Exception {
    namespace = "run-" + RUN.incrementAndGet();
    cluster.calls().namespace(namespace);
    KubernetesRole role = KubernetesRole.of(namespace);
    grant(role.yaml(), role.bindingYaml("shop", namespace));
    kubeconfig = cluster.kubeconfig(folder, namespace, cluster.account(namespace, "shop"));
    registry = fixture.open(kubeconfig);
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void aServiceIsFollowedThroughAllThatHappensToIt() throws Exception {
    RecordedWatch watch = fixture.watch(registry, "orders:grpc");
    awaitAddresses(watch);

    hold("a", "10.1.0.1");
    awaitAddresses(watch, "10.1.0.1:50051");
    hold("a", "10.1.0.1", "10.1.0.2");
    awaitAddresses(watch, "10.1.0.1:50051", "10.1.0.2:50051");
    hold("b", "10.1.0.3");
    awaitAddresses(watch, "10.1.0.1:50051", "10.1.0.2:50051", "10.1.0.3:50051");
    hold("a", "10.1.0.2");
    awaitAddresses(watch, "10.1.0.2:50051", "10.1.0.3:50051");
    cluster.calls().delete(slice("a"));
    cluster.calls().delete(slice("b"));
    awaitAddresses(watch);
    hold("c", "10.1.0.9");
    awaitAddresses(watch, "10.1.0.9:50051");

    assertThat(watch.failures()).isEmpty();
    assertThat(requests()).filteredOn(r -> !r.contains("watch=true")).as("lists").hasSize(1);
    assertThat(requests()).filteredOn(r -> r.contains("watch=true")).as("watches").hasSize(1);
  }

  @Test
  void conditionsZonesAndPodsAreThoseThatTheServerKeeps() throws Exception {
    cluster
        .calls()
        .put(
            slice("a")
                .withPorts(GRPC)
                .withEndpoints(
                    List.of(
                        SliceEndpoint.of("10.1.0.1").withConditions(null, null, null).inZone("a"),
                        SliceEndpoint.of("10.1.0.2").unready(),
                        SliceEndpoint.of("10.1.0.3").leaving().ofPod("orders-3"))));

    RecordedWatch watch = fixture.watch(registry, "orders:grpc");
    awaitAddresses(watch, "10.1.0.1:50051", "10.1.0.2:50051", "10.1.0.3:50051");

    List<Endpoint> endpoints = watch.last().orElseThrow().endpoints();
    assertThat(endpoints).extracting(Endpoint::ready).containsExactly(true, false, true);
    assertThat(endpoints).extracting(Endpoint::draining).containsExactly(false, false, true);
    assertThat(endpoints.get(0).zone()).isEqualTo("a");
    assertThat(endpoints.get(2).instance()).isEqualTo("orders-3");
    assertThat(endpoints.get(2).metadata()).containsEntry(SliceMapper.NODE, "node-1");
  }

  @Test
  void hintsCountWhenAllHaveThem() throws Exception {
    cluster
        .calls()
        .put(
            slice("a")
                .withPorts(GRPC)
                .withEndpoints(
                    List.of(
                        SliceEndpoint.of("10.1.0.1").inZone("a").hintedFor("b"),
                        SliceEndpoint.of("10.1.0.2").inZone("b").hintedFor("b"))));

    RecordedWatch watch = fixture.watch(registry, "orders");
    awaitAddresses(watch, "10.1.0.1:50051", "10.1.0.2:50051");

    assertThat(watch.last().orElseThrow().endpoints())
        .extracting(Endpoint::zone)
        .containsExactly("b", "b");
  }

  @ParameterizedTest
  @CsvSource({
    "orders:grpc, 10.1.0.1:50051",
    "orders:metrics, 10.1.0.1:9090",
    "orders:50051, 10.1.0.1:50051",
    "orders:admin, 10.1.0.1:9090",
    "orders, 10.1.0.1:50051"
  })
  void portsAreFoundByTheirNamesAndNumbers(String target, String expected) throws Exception {
    holdPorts();

    RecordedWatch watch = fixture.watch(registry, target);

    awaitAddresses(watch, expected);
  }

  @Test
  void aPortThatIsNotThereIsNamedWithThoseThatAre() throws Exception {
    holdPorts();

    RecordedWatch watch = fixture.watch(registry, "orders:http");

    soon().until(() -> !watch.failures().isEmpty());
    assertThat(watch.failures().get(0)).hasMessageContaining("\"http\"", "grpc", "metrics");
  }

  @Test
  void anAddressInTwoSlicesCountsOnceAsItWasWrittenLast() throws Exception {
    hold("a", "10.1.0.1", "10.1.0.2");
    cluster
        .calls()
        .put(
            slice("b")
                .withPorts(GRPC)
                .withEndpoints(List.of(SliceEndpoint.of("10.1.0.2").leaving())));
    RecordedWatch watch = fixture.watch(registry, "orders:grpc");
    awaitAddresses(watch, "10.1.0.1:50051", "10.1.0.2:50051");
    assertThat(watch.last().orElseThrow().endpoints())
        .extracting(Endpoint::draining)
        .containsExactly(false, true);

    hold("a", "10.1.0.2");

    awaitAddresses(watch, "10.1.0.2:50051");
    soon().until(() -> !watch.last().orElseThrow().endpoints().get(0).draining());
    cluster.calls().delete(slice("a"));
    soon().until(() -> watch.last().orElseThrow().endpoints().get(0).draining());
  }

  @ParameterizedTest
  @CsvSource({"ipv4, 10.1.0.1:50051", "ipv6, [2001:db8::1]:50051"})
  void ofTwoFamiliesThePreferredOneIsUsed(String family, String expected) throws Exception {
    hold("a", "10.1.0.1");
    EndpointSlice six = slice("b").withAddressType("IPv6").withPorts(GRPC);
    cluster.calls().put(six.withAddresses("2001:db8::1"));
    Registry choosy = fixture.open("?family=" + family + "&kubeconfig=" + kubeconfig, Map.of());

    RecordedWatch watch = fixture.watch(choosy, "orders:grpc");

    awaitAddresses(watch, expected);
    cluster.calls().delete(six);
    awaitAddresses(watch, "10.1.0.1:50051");
  }

  @Test
  void whatTheServerKeepsAndNobodyCanCallIsLeftOut() throws Exception {
    cluster
        .calls()
        .put(
            slice("a")
                .withPorts(GRPC, new SlicePort("dns", 53, "UDP", ""))
                .withAddresses("10.1.0.1"));
    cluster.calls().put(slice("b").withPorts(GRPC));
    cluster.calls().put(slice("c").withAddressType("FQDN").withPorts(GRPC).withAddresses("a.b.c"));

    awaitAddresses(fixture.watch(registry, "orders"), "10.1.0.1:50051");
  }

  @Test
  void aListOfManySlicesComesInPages() throws Exception {
    int many = 2 * SliceInformer.PAGE_SLICES + 1;
    for (int i = 0; i < many; i++) {
      hold("s" + i, "10.2." + i / 250 + "." + (1 + i % 250));
    }

    RecordedWatch watch = fixture.watch(registry, "orders:grpc");

    soon().until(() -> addresses(watch).size() == many);
    assertThat(requests()).filteredOn(r -> r.contains("continue=")).hasSize(2);
    assertThat(watch.snapshots()).hasSize(1);
    hold("s0", "10.3.0.1");
    soon().until(() -> addresses(watch).contains("10.3.0.1:50051"));
  }

  @Test
  void manyServicesShareOneWatchAndTheirNamesAreListed() throws Exception {
    List<RecordedWatch> watches = new ArrayList<>();
    Set<String> names = new TreeSet<>();
    for (int i = 0; i < 2 * NamespaceWatch.MAX_SERVICE_WATCHES; i++) {
      cluster.calls().put(service("service-" + i, "10.1.0." + (i + 1)));
      watches.add(fixture.watch(registry, "service-" + i));
      names.add("service-" + i);
    }
    for (int i = 0; i < watches.size(); i++) {
      awaitAddresses(watches.get(i), "10.1.0." + (i + 1) + ":50051");
    }
    soon().until(() -> requests().stream().anyMatch(r -> r.contains("service-name&watch=true")));
    Set<String> seen = followNames();
    soon().until(() -> seen.equals(names));

    cluster.calls().put(service("service-3", "10.1.1.3"));
    cluster.calls().put(service("service-new", "10.1.1.4"));

    awaitAddresses(watches.get(3), "10.1.1.3:50051");
    names.add("service-new");
    soon().until(() -> seen.equals(names));
  }

  @Test
  void aWatchThatEndsGoesOnFromItsLastBookmark() throws Exception {
    hold("a", "10.1.0.1");
    Registry brief = fixture.open("?watch-timeout=10s&kubeconfig=" + kubeconfig, Map.of());
    RecordedWatch watch = fixture.watch(brief, "orders:grpc");
    awaitAddresses(watch, "10.1.0.1:50051");
    soon().until(() -> watches().size() == 1);
    cluster.calls().put(service("users", "10.1.1.1"));
    cluster.calls().put(service("users", "10.1.1.2"));

    soon().until(() -> watches().size() == 2);

    assertThat(version(watches().get(1)) - version(watches().get(0)))
        .as("nothing of the service had changed, but slices of another one twice")
        .isGreaterThanOrEqualTo(2);
    hold("a", "10.1.0.2");
    awaitAddresses(watch, "10.1.0.2:50051");
    assertThat(requests()).filteredOn(r -> !r.contains("watch=true")).as("lists").hasSize(1);
    assertThat(watch.failures()).isEmpty();
  }

  @Test
  void theMissingVerbIsNamedAndTheRoleThatIsPrintedThenSuffices() throws Exception {
    hold("a", "10.1.0.1");
    KubernetesRole role = KubernetesRole.of(namespace);
    String lesser = role.yaml().replace(", \"watch\"", "");
    assertThat(lesser).isNotEqualTo(role.yaml());
    grant(lesser, role.bindingYaml("shop", namespace));

    RecordedWatch watch = fixture.watch(registry, "orders:grpc");

    soon().until(() -> !watch.failures().isEmpty());
    RegistryException refusal = watch.failures().get(0);
    assertThat(refusal.kind()).isEqualTo(RegistryException.RegistryErrorKind.PERMISSION_DENIED);
    assertThat(refusal)
        .hasMessageContaining(
            "may not watch endpointslices.discovery.k8s.io in namespace \"" + namespace + "\"")
        .hasMessageContaining(role.yaml());
    awaitAddresses(watch, "10.1.0.1:50051");

    grant(role.yaml(), role.bindingYaml("shop", namespace));
    hold("a", "10.1.0.2");
    awaitAddresses(watch, "10.1.0.2:50051");
  }

  @Test
  void theAccountOfOneNamespaceMayReadNoOther() throws Exception {
    cluster.calls().namespace(namespace + "-other");

    RecordedWatch watch = fixture.watch(registry, "orders." + namespace + "-other");

    soon().until(() -> !watch.failures().isEmpty());
    assertThat(watch.failures().get(0))
        .hasMessageContaining("may not list endpointslices.discovery.k8s.io")
        .hasMessageContaining(KubernetesRole.of(namespace + "-other").yaml());
  }

  private Set<String> followNames() {
    Set<String> seen = java.util.concurrent.ConcurrentHashMap.newKeySet();
    var unused =
        registry.watchNames(
            namespace,
            new Registry.ServiceNamesListener() {
              @Override
              public void onNames(Set<String> names) {
                seen.addAll(names);
                seen.retainAll(names);
              }

              @Override
              public void onFailure(RegistryException cause) {}
            });
    return seen;
  }

  private void holdPorts() throws Exception {
    cluster
        .calls()
        .put(
            slice("a")
                .withPorts(GRPC, SlicePort.tcp("metrics", 9090), SlicePort.tcp("admin", 9090))
                .withAddresses("10.1.0.1"));
  }

  private void hold(String name, String... endpoints) throws Exception {
    cluster.calls().put(slice(name).withPorts(GRPC).withAddresses(endpoints));
  }

  private EndpointSlice slice(String name) {
    return EndpointSlice.of(namespace, "orders", "orders-" + name);
  }

  private EndpointSlice service(String name, String address) {
    return EndpointSlice.of(namespace, name, name + "-a").withPorts(GRPC).withAddresses(address);
  }

  private void grant(String role, String binding) throws Exception {
    cluster.grant(namespace, role, binding);
  }

  private List<String> watches() throws Exception {
    return requests().stream().filter(r -> r.contains("watch=true")).toList();
  }

  private List<String> requests() throws Exception {
    return cluster.requests("system:serviceaccount:" + namespace + ":shop");
  }

  private static long version(String request) {
    return Long.parseLong(request.replaceAll(".*[?&]resourceVersion=(\\d+).*", "$1"));
  }
}
