package dev.holdfast.registry.etcd;

import static dev.holdfast.registry.etcd.OpenRegistries.ORDERS;
import static dev.holdfast.registry.etcd.OpenRegistries.addresses;
import static dev.holdfast.registry.etcd.OpenRegistries.at;
import static dev.holdfast.registry.etcd.OpenRegistries.patiently;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Registry;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.RecordedWatch;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Watches of a store in which nothing changes: they are alive, and etcd says so when asked. */
@OnEveryEtcd
class IdleWatchTest {
  // The store and the stream are asked every 0.7 s, and have 3.3 s to answer.
  private static final String[] TIMES = {"ttl=2s", "request-timeout=10s"};
  private static final int SIGNS_OF_LIFE = 5;
  private static final int SERVICES = 40;

  private final EtcdRelease release;
  private EtcdCluster etcd;
  private OpenRegistries registries;

  IdleWatchTest(EtcdRelease release) {
    this.release = release;
  }

  @BeforeEach
  void start() {
    etcd = EtcdCluster.start(release, 1);
    registries = new OpenRegistries();
    try (RawEtcd raw = RawEtcd.at(etcd)) {
      raw.put("test/orders/a", "10.0.0.1:50051");
    }
  }

  @AfterEach
  void stop() {
    registries.close();
    etcd.close();
  }

  @Test
  void aWatchOfAStoreInWhichNothingChangesGoesOn() {
    Registry client = registries.open(etcd.uri("", TIMES));
    RecordedWatch watch = registries.watch(client, ORDERS);

    patiently().until(() -> watch.confirmations() + watch.failures().size() >= SIGNS_OF_LIFE);

    assertThat(watch.failures()).isEmpty();
    assertThat(watch.snapshots()).hasSize(1);
  }

  @Test
  void watchesThatAreAddedInBetweenBreakNone() {
    Registry client = registries.open(etcd.uri("", TIMES));
    List<RecordedWatch> watches = new ArrayList<>();
    watches.add(registries.watch(client, ORDERS));
    for (int i = 1; i < SERVICES; i++) {
      RecordedWatch added = registries.watch(client, ServiceName.parse("test/idle-" + i));
      watches.add(added);
      patiently().until(() -> added.calls() > 0);
    }

    patiently()
        .until(
            () ->
                watches.stream()
                    .allMatch(w -> w.confirmations() + w.failures().size() >= SIGNS_OF_LIFE));

    assertThat(watches).allMatch(watch -> watch.failures().isEmpty());
    assertThat(watches).allMatch(watch -> watch.snapshots().size() == 1);
  }

  @Test
  void theLastChangeBeforeTheListIsHeardOfOnceAndTheNextAsWell() {
    Registry client = registries.open(etcd.uri("", TIMES));
    RecordedWatch watch = registries.watch(client, ORDERS);
    patiently().until(() -> watch.confirmations() > 0);
    assertThat(watch.snapshots()).hasSize(1);

    OpenRegistries.Announced unused =
        registries.announceUntilPublished(registries.open(etcd.uri("", "ttl=1m")), ORDERS, at(2));

    patiently().until(() -> addresses(watch).size() == 2);
    assertThat(watch.snapshots()).hasSize(2);
    assertThat(watch.failures()).isEmpty();
  }
}
