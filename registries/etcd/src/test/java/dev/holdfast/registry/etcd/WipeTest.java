package dev.holdfast.registry.etcd;

import static dev.holdfast.registry.etcd.OpenRegistries.ORDERS;
import static dev.holdfast.registry.etcd.OpenRegistries.addresses;
import static dev.holdfast.registry.etcd.OpenRegistries.at;
import static dev.holdfast.registry.etcd.OpenRegistries.get;
import static dev.holdfast.registry.etcd.OpenRegistries.patiently;
import static dev.holdfast.registry.etcd.OpenRegistries.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.registration.InstanceRegistration;
import dev.holdfast.core.testkit.RecordedWatch;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store that comes back empty, with the same flags and so with the same cluster id. */
@OnEveryEtcd
class WipeTest {
  // Long leases: one that ran out while a busy machine wipes would be news of its own.
  private static final String[] TIMES = {"ttl=1m", "request-timeout=5s"};

  private static final String KEY = "test/orders/10.0.0.1:50051";

  private final EtcdRelease release;
  private EtcdCluster etcd;
  private OpenRegistries registries;

  WipeTest(EtcdRelease release) {
    this.release = release;
  }

  @BeforeEach
  void start() {
    etcd = EtcdCluster.start(release, 1);
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

    assertThat(registries.endOf(record)).isEqualTo(RegistryErrorKind.WIPED);
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

  @Test
  void aRecordOfOursThatComesBackFromABackupIsNoOtherProcess(@TempDir Path backup)
      throws Exception {
    Registry registry = registries.open(etcd.uri("", TIMES));
    try (RawEtcd raw = RawEtcd.at(etcd)) {
      // So that the backup's revisions are above those of the store that was wiped.
      for (int i = 0; i < 20; i++) {
        raw.put("other/" + i, "x");
      }
    }
    OpenRegistries.Announced first = registries.announce(registry, ORDERS, at(1));
    etcd.backUp(backup);
    etcd.wipeAll();
    assertThat(registries.endOf(first)).isEqualTo(RegistryErrorKind.WIPED);
    OpenRegistries.Announced second = registries.announce(registry, ORDERS, at(1));

    etcd.restore(backup);

    assertThat(registries.endOf(second)).isEqualTo(RegistryErrorKind.LEASE_LOST);
    OpenRegistries.Announced third = registries.announce(registry, ORDERS, at(1));
    assertThat(third.record().end()).isEmpty();
  }

  @Test
  void aRecordOfOursUnderAnOlderLeaseIsLostAndReplaced() {
    Registry registry = registries.open(etcd.uri("", TIMES));
    OpenRegistries.Announced first = registries.announce(registry, ORDERS, at(1));
    try (RawEtcd raw = RawEtcd.at(etcd)) {
      underOlderLease(raw);

      assertThat(registries.endOf(first)).isEqualTo(RegistryErrorKind.RECORD_DELETED);
      long lease = raw.get(KEY).orElseThrow().getLease();
      OpenRegistries.Announced unused = registries.announce(registry, ORDERS, at(1));
      assertThat(raw.get(KEY).orElseThrow().getLease()).isNotEqualTo(lease);
    }
  }

  @Test
  void withdrawingDeletesARecordOfOursUnderAnyLease() throws Exception {
    Registry registry = registries.open(etcd.uri("", TIMES));
    OpenRegistries.Announced record = registries.announce(registry, ORDERS, at(1));
    try (RawEtcd raw = RawEtcd.at(etcd)) {
      // The event of the older record comes to the scheduler behind the withdrawal.
      CompletableFuture<Void> withdrawn = new CompletableFuture<>();
      registries
          .scheduler()
          .execute(
              () -> {
                withdrawn.join();
                underOlderLease(raw);
              });
      CompletionStage<Void> withdrawal = record.announcement().withdraw();
      withdrawn.complete(null);
      get(withdrawal);

      assertThat(raw.get(KEY)).isEmpty();
    }
  }

  @Test
  void withdrawingDeletesARecordOfOursThatEndedTheAnnouncementToo() throws Exception {
    Registry registry = registries.open(etcd.uri("", TIMES));
    OpenRegistries.Announced record = registries.announce(registry, ORDERS, at(1));
    try (RawEtcd raw = RawEtcd.at(etcd)) {
      underOlderLease(raw);
      assertThat(registries.endOf(record)).isEqualTo(RegistryErrorKind.RECORD_DELETED);

      get(record.announcement().withdraw());

      assertThat(raw.get(KEY)).isEmpty();
    }
  }

  @Test
  void aRegistrationThatIsWithdrawnBeforeItAnnouncesAgainDeletesSuchARecord() throws Exception {
    Registry registry = registries.open(etcd.uri("", TIMES));
    InstanceRegistration registration =
        InstanceRegistration.start(registry, ORDERS, at(1), registries.context());
    get(registration.published());
    CompletableFuture<Void> withdrawn = new CompletableFuture<>();
    Subscription unused =
        registration.onState(
            (state, cause) -> {
              if (state == RegistrationState.WAITING) {
                registration.withdraw().thenRun(() -> withdrawn.complete(null));
              }
            });
    try (RawEtcd raw = RawEtcd.at(etcd)) {
      underOlderLease(raw);
      get(withdrawn);

      assertThat(raw.get(KEY)).isEmpty();
    }
  }

  private static void underOlderLease(RawEtcd raw) {
    String value = raw.get(KEY).orElseThrow().getValue().toStringUtf8();
    raw.put(KEY, value, raw.grant(60));
  }
}
