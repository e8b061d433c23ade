package dev.holdfast.registry.etcd;

import static dev.holdfast.registry.etcd.OpenRegistries.ORDERS;
import static dev.holdfast.registry.etcd.OpenRegistries.addresses;
import static dev.holdfast.registry.etcd.OpenRegistries.at;
import static dev.holdfast.registry.etcd.OpenRegistries.patiently;
import static dev.holdfast.registry.etcd.OpenRegistries.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException.Kind;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.testkit.RecordedWatch;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A store that comes back empty, with the same flags and so with the same cluster id. */
class WipeTest {
  // Long leases: one that ran out while a busy machine wipes would be news of its own.
  private static final String[] TIMES = {"ttl=1m", "request-timeout=5s"};

  private EtcdCluster etcd;
  private OpenRegistries registries;

  @BeforeEach
  void start() {
    etcd = EtcdCluster.start(1);
    registries = new OpenRegistries();
  }

  @AfterEach
  void stop() {
    registries.close();
    etcd.close();
  }

  @Test
  void aWipeEndsRecordsChangesTheEpochAndWatchesGoOn() throws Exception {
    Registry registry = registries.open(etcd.uri("", TIMES));
    Registry other = registries.open(etcd.uri("", TIMES));
    OpenRegistries.Announced record = registries.announce(registry, ORDERS, at(1));
    for (int i = 2; i < 20; i++) {
      record.announcement().update(at(1).withWeight(i));
    }
    RecordedWatch watch = registries.watch(other, ORDERS);
    patiently().until(() -> addresses(watch).size() == 1);
    long epoch = watch.snapshots().get(0).epoch();

    etcd.wipeAll();

    assertThat(registries.endOf(record)).isEqualTo(Kind.WIPED);
    patiently().until(() -> addresses(watch).isEmpty());
    RegistrySnapshot last = watch.snapshots().get(watch.snapshots().size() - 1);
    assertThat(last.epoch()).isNotEqualTo(epoch);
    assertThat(read(other, ORDERS).epoch()).isEqualTo(last.epoch());

    registries.announce(registry, ORDERS, at(1));
    patiently().until(() -> addresses(watch).equals(List.of("10.0.0.1:50051")));
  }

  @Test
  void aWipedStoreThatHasGrownPastTheOldRevisionIsRecognisedByWhatItHolds() throws Exception {
    Registry registry = registries.open(etcd.uri("", TIMES));
    try (RawEtcd raw = RawEtcd.at(etcd)) {
      raw.put("other/1", "x");
      raw.put("test/orders/a", "10.0.0.1:50051");
      raw.put("test/orders/b", "10.0.0.2:50051");
    }
    RecordedWatch watch = registries.watch(registry, ORDERS);
    patiently().until(() -> addresses(watch).size() == 2);
    long epoch = watch.snapshots().get(0).epoch();

    etcd.wipeAndFill(
        raw -> {
          raw.put("test/orders/a", "10.0.0.1:50051");
          for (int i = 0; i < 10; i++) {
            raw.put("other/" + i, "x");
          }
        });

    patiently().until(() -> addresses(watch).equals(List.of("10.0.0.1:50051")));
    assertThat(watch.snapshots().get(watch.snapshots().size() - 1).epoch()).isNotEqualTo(epoch);
  }
}
