package dev.holdfast.registry.kubernetes;

import static dev.holdfast.registry.kubernetes.KubernetesFixture.addresses;
import static dev.holdfast.registry.kubernetes.KubernetesFixture.awaitAddresses;
import static dev.holdfast.registry.kubernetes.KubernetesFixture.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.testkit.RecordedWatch;
import dev.holdfast.lab.kubernetes.ApiFault;
import dev.holdfast.lab.kubernetes.ApiServer;
import dev.holdfast.lab.kubernetes.ApiServerOptions;
import dev.holdfast.lab.kubernetes.ApiVerb;
import dev.holdfast.lab.kubernetes.EndpointSlice;
import dev.holdfast.lab.kubernetes.SliceEndpoint;
import dev.holdfast.lab.kubernetes.SlicePort;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an API server can do to us, on real sockets. */
class KubernetesFaultsTest {
  private final ApiServer server =
      ApiServer.start(ApiServerOptions.defaults().withBookmarkInterval(Duration.ofMillis(300)));
  private final KubernetesFixture fixture = new KubernetesFixture();
  private Path kubeconfig;
  private Registry registry;

  @BeforeEach
  void open(@TempDir Path folder) throws Exception {
    kubeconfig = Kubeconfigs.write(folder, server.url(), "{token: sesame}");
    registry = fixture.open(kubeconfig);
  }

  @AfterEach
  void close() {
    fixture.close();
    server.close();
  }

  @Test
  void aRestartedServerLosesNothing() {
    hold("10.0.0.1");
    RecordedWatch watch = followed("10.0.0.1");

    server.stop();
    soon().until(() -> !watch.failures().isEmpty());
    hold("10.0.0.1", "10.0.0.2");
    assertThat(addresses(watch)).containsExactly("10.0.0.1:50051");
    server.startAgain();

    awaitAddresses(watch, "10.0.0.1:50051", "10.0.0.2:50051");
  }

  @Test
  void aServerThatLostItsMemoryIsFollowedFromItsNewBeginning() {
    for (int i = 0; i < 50; i++) {
      server.store().touch();
    }
    hold("10.0.0.1");
    RecordedWatch watch = followed("10.0.0.1");

    server.restartEmpty();
    hold("10.0.0.9");

    // It accepts a watch from what it has forgotten, and says nothing until that ends.
    soon()
        .until(
            () -> {
              server.endWatches();
              return addresses(watch).equals(List.of("10.0.0.9:50051"));
            });
  }

  @Test
  void aWatchThatStaysOpenAndSilentIsNoticedAndItsEventsAreNotLost() {
    Registry impatient = fixture.open("?silence=3s&kubeconfig=" + kubeconfig, Map.of());
    hold("10.0.0.1");
    RecordedWatch watch = fixture.watch(impatient, "orders");
    awaitAddresses(watch, "10.0.0.1:50051");

    server.silenceWatches();
    hold("10.0.0.2");

    awaitAddresses(watch, "10.0.0.2:50051");
    assertThat(watch.failures()).isEmpty();
  }

  @Test
  void aConnectionThatNobodyAnswersOnIsReplaced() {
    Registry impatient =
        fixture.open("?silence=3s&request-timeout=2s&kubeconfig=" + kubeconfig, Map.of());
    hold("10.0.0.1");
    RecordedWatch watch = fixture.watch(impatient, "orders");
    awaitAddresses(watch, "10.0.0.1:50051");

    server.silenceConnections();
    hold("10.0.0.2");

    awaitAddresses(watch, "10.0.0.2:50051");
  }

  @Test
  void aStormOf410IsPacedAndTheListStaysTrue() {
    hold("10.0.0.1");
    RecordedWatch watch = followed("10.0.0.1");
    int before = server.count(ApiVerb.LIST);

    server.faults().fail(ApiVerb.WATCH, ApiFault.expiredEvent());
    server.expireWatches();
    hold("10.0.0.2");
    awaitAddresses(watch, "10.0.0.2:50051");
    hold("10.0.0.3");
    awaitAddresses(watch, "10.0.0.3:50051");
    // At most one list per pause, and pauses double: by the tenth, seconds would have passed.
    assertThat(server.count(ApiVerb.LIST) - before).isLessThan(30);
    server.faults().heal();
    soon().until(() -> server.openWatches() == 1);
    hold("10.0.0.4");

    awaitAddresses(watch, "10.0.0.4:50051");
    assertThat(watch.failures()).isEmpty();
    assertThat(server.requests())
        .noneMatch(request -> request.parameter("resourceVersion").equals("0"));
  }

  @Test
  void aServerThatHasTooMuchToDoIsGivenTheTimeThatItAsksFor() {
    hold("10.0.0.1");
    server.faults().fail(ApiVerb.LIST, ApiFault.tooManyRequests(Duration.ofSeconds(1)), 1);

    RecordedWatch watch = followed("10.0.0.1");

    assertThat(watch.failures())
        .extracting(RegistryException::kind)
        .containsExactly(RegistryException.RegistryErrorKind.UNAVAILABLE);
    var lists = server.requests().stream().filter(r -> r.verb() == ApiVerb.LIST).toList();
    assertThat(lists.get(1).receivedNanos() - lists.get(0).receivedNanos())
        .isGreaterThanOrEqualTo(Duration.ofSeconds(1).toNanos());
  }

  @Test
  void aMissingVerbIsNamed() {
    hold("10.0.0.1");
    server.access().refuse(ApiVerb.WATCH);
    RecordedWatch watch = fixture.watch(registry, "orders");

    soon().until(() -> !watch.failures().isEmpty());
    assertThat(watch.failures().get(0))
        .hasMessageContaining("may not watch endpointslices.discovery.k8s.io in namespace \"prod\"")
        .hasMessageContaining(KubernetesRole.of("prod").yaml());
    assertThat(addresses(watch)).containsExactly("10.0.0.1:50051");

    server.access().permit(ApiVerb.WATCH);
    hold("10.0.0.2");
    awaitAddresses(watch, "10.0.0.2:50051");
  }

  @Test
  void aCacheThatLagsBehindBringsNothingBack() {
    hold("10.0.0.1");
    RecordedWatch watch = followed("10.0.0.1");
    hold("10.0.0.2");
    awaitAddresses(watch, "10.0.0.2:50051");
    int snapshots = watch.snapshots().size();

    server.store().holdCache();
    server.expireWatches();
    hold("10.0.0.3");
    server.store().releaseCache();

    awaitAddresses(watch, "10.0.0.3:50051");
    assertThat(watch.snapshots().subList(snapshots, watch.snapshots().size()))
        .noneMatch(snapshot -> snapshot.endpoints().toString().contains("10.0.0.1"));
  }

  @Test
  void aServiceThatIsDeletedAndCreatedAgainIsFollowedOn() {
    hold("10.0.0.1");
    RecordedWatch watch = followed("10.0.0.1");

    server.store().delete(slice("orders", "10.0.0.1"));
    awaitAddresses(watch);
    hold("10.0.0.7");

    awaitAddresses(watch, "10.0.0.7:50051");
  }

  @Test
  void tenThousandEndpointsOfOneServiceArriveInPages() {
    List<SliceEndpoint> endpoints = new ArrayList<>();
    for (int i = 0; i < 250; i++) {
      endpoints.clear();
      for (int j = 0; j < 40; j++) {
        endpoints.add(SliceEndpoint.of("10.1." + i + "." + j));
      }
      server
          .store()
          .put(
              EndpointSlice.of("prod", "orders", "orders-" + i)
                  .withPorts(SlicePort.tcp("grpc", 50051))
                  .withEndpoints(endpoints));
    }
    RecordedWatch watch = fixture.watch(registry, "orders");

    soon().until(() -> addresses(watch).size() == 10_000);
    assertThat(server.count(ApiVerb.LIST)).isEqualTo(2);
  }

  @Test
  void aSlowListOfFiveThousandSlicesIsWaitedForWhileTheOldOneStands() {
    hold("10.0.0.1");
    RecordedWatch watch = followed("10.0.0.1");
    int listsBefore = server.count(ApiVerb.LIST);

    server.stop();
    for (int i = 0; i < 5_000; i++) {
      server
          .store()
          .put(
              EndpointSlice.of("prod", "orders", "orders-of-" + i)
                  .withPorts(SlicePort.tcp("grpc", 50051))
                  .withAddresses("10.2." + i / 250 + "." + i % 250));
    }
    server.faults().delay(ApiVerb.LIST, Duration.ofMillis(50));
    // The watch from before can't be resumed: only a list helps.
    server.startAgain();

    soon().until(() -> addresses(watch).size() == 5_001);
    assertThat(server.count(ApiVerb.LIST) - listsBefore)
        .as("pages")
        .isGreaterThanOrEqualTo(5_001 / SliceInformer.PAGE_SLICES + 1);
    assertThat(watch.snapshots())
        .as("no list with a part of the pages was ever shown")
        .allMatch(s -> s.endpoints().size() == 1 || s.endpoints().size() == 5_001);
    assertThat(watch.failures())
        .as("slow is not failed; the one is that of the restart")
        .hasSizeLessThanOrEqualTo(1);
  }

  @Test
  void manyServicesOfANamespaceShareOneWatch() {
    List<RecordedWatch> watches = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      server.store().put(slice("service-" + i, "10.0.0." + i));
      watches.add(fixture.watch(registry, "service-" + i));
    }
    for (int i = 0; i < 8; i++) {
      awaitAddresses(watches.get(i), "10.0.0." + i + ":50051");
    }
    soon().until(() -> server.openWatches() == 1);

    server.store().put(slice("service-3", "10.0.1.3"));

    awaitAddresses(watches.get(3), "10.0.1.3:50051");
    RecordedWatch late = fixture.watch(registry, "service-3");
    awaitAddresses(late, "10.0.1.3:50051");
  }

  @Test
  void theNamesOfANamespaceAreThoseOfItsSlices() {
    server.store().put(slice("orders", "10.0.0.1"));
    TreeSet<String> seen = new TreeSet<>();
    var unused =
        registry.watchNames(
            "prod",
            new Registry.ServiceNamesListener() {
              @Override
              public void onNames(Set<String> names) {
                synchronized (seen) {
                  seen.clear();
                  seen.addAll(names);
                }
              }

              @Override
              public void onFailure(RegistryException cause) {}
            });
    awaitNames(seen, "orders");

    server.store().put(slice("billing", "10.0.0.2"));
    awaitNames(seen, "billing", "orders");

    server.store().delete(slice("orders", "10.0.0.1"));
    awaitNames(seen, "billing");
  }

  private static void awaitNames(Set<String> seen, String... expected) {
    soon()
        .until(
            () -> {
              synchronized (seen) {
                return List.copyOf(seen).equals(List.of(expected));
              }
            });
  }

  private RecordedWatch followed(String address) {
    RecordedWatch watch = fixture.watch(registry, "orders:grpc");
    awaitAddresses(watch, address + ":50051");
    soon().until(() -> server.openWatches() == 1);
    return watch;
  }

  private void hold(String... addresses) {
    server.store().put(slice("orders", addresses));
  }

  private static EndpointSlice slice(String service, String... addresses) {
    return EndpointSlice.of("prod", service, service + "-1")
        .withPorts(SlicePort.tcp("grpc", 50051))
        .withAddresses(addresses);
  }
}
