package dev.holdfast.registry.etcd;

import static dev.holdfast.registry.etcd.OpenRegistries.ORDERS;
import static dev.holdfast.registry.etcd.OpenRegistries.addresses;
import static dev.holdfast.registry.etcd.OpenRegistries.at;
import static dev.holdfast.registry.etcd.OpenRegistries.get;
import static dev.holdfast.registry.etcd.OpenRegistries.patiently;
import static dev.holdfast.registry.etcd.OpenRegistries.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.RecordedWatch;
import dev.holdfast.registry.etcd.proto.KeyValue;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;

/** What happens to records, leases and the store of one real etcd. */
@OnEveryEtcd
class OneMemberTest {
  private static final String KEY = "test/orders/10.0.0.1:50051";

  // Long enough that no lease is lost where much else goes on; its third is the check's interval.
  private static final String TTL = "ttl=5s";

  private static EtcdCluster etcd;

  /** Which etcd the class runs against; its members are static. */
  @Parameter EtcdRelease release;

  private OpenRegistries registries;
  private RawEtcd raw;
  private Registry registry;

  @BeforeParameterizedClassInvocation
  static void startEtcd(EtcdRelease release) {
    etcd = EtcdCluster.start(release, 1);
  }

  @AfterParameterizedClassInvocation
  static void stopEtcd() {
    etcd.close();
  }

  @BeforeEach
  void open() {
    raw = RawEtcd.at(etcd);
    raw.deleteAll("test/");
    registries = new OpenRegistries();
    registry = registries.open(etcd.uri("", TTL, "request-timeout=10s"));
  }

  @AfterEach
  void close() {
    registries.close();
    raw.close();
  }

  @Test
  void theRecordIsWhatGoReadsAndLivesUnderALease() {
    registries.announce(registry, ORDERS, at(1).withZone("a").withWeight(3));

    assertThat(raw.get(KEY)).isPresent();
    assertThat(raw.get(KEY).orElseThrow().getLease()).isNotZero();
    assertThat(raw.get(KEY).orElseThrow().getValue().toStringUtf8())
        .isEqualTo(
            "{\"Op\":0,\"Addr\":\"10.0.0.1:50051\",\"Metadata\":null,\"Holdfast\":"
                + "{\"instance\":\"run-1\",\"zone\":\"a\",\"weight\":3,\"ready\":true,"
                + "\"draining\":false,\"metadata\":{}}}");
  }

  @Test
  void allRecordsOfAProcessShareOneLeaseWhichClosingRevokes() {
    // By itself the lease would end later than anybody waits here.
    Registry lasting = registries.open(etcd.uri("", "ttl=2m"));
    registries.announce(lasting, ORDERS, at(1));
    registries.announce(lasting, ServiceName.parse("test/billing"), at(2));
    long lease = raw.get(KEY).orElseThrow().getLease();
    assertThat(raw.get("test/billing/10.0.0.2:50051").orElseThrow().getLease()).isEqualTo(lease);

    lasting.close();

    patiently().until(() -> raw.keys("test/").isEmpty());
  }

  @Test
  void theTimeToLiveIsTheOneThatWasGranted() {
    Registry short2s = registries.open(etcd.uri("", "ttl=2s"));
    assertThat(short2s.recordTtl()).hasSeconds(2);
    registries.announceUntilPublished(short2s, ORDERS, at(1));
    assertThat(short2s.recordTtl()).hasSeconds(2);
  }

  @Test
  void aRevokedLeaseEndsEveryRecordAsLeaseLostAndTheNextGetsANewOne() {
    OpenRegistries.Announced first = registries.announce(registry, ORDERS, at(1));
    OpenRegistries.Announced second = registries.announce(registry, ORDERS, at(2));

    raw.revokeLeaseOf(KEY);

    assertThat(registries.endOf(first)).isEqualTo(RegistryErrorKind.LEASE_LOST);
    assertThat(registries.endOf(second)).isEqualTo(RegistryErrorKind.LEASE_LOST);
    registries.announce(registry, ORDERS, at(1));
    assertThat(raw.get(KEY)).isPresent();
  }

  @Test
  void aDeletedKeyEndsItsRecordAtOnceAndNoOther() {
    OpenRegistries.Announced first = registries.announce(registry, ORDERS, at(1));
    OpenRegistries.Announced second = registries.announce(registry, ORDERS, at(2));

    raw.delete(KEY);

    assertThat(registries.endOf(first)).isEqualTo(RegistryErrorKind.RECORD_DELETED);
    assertThat(second.record().end()).isEmpty();
  }

  @Test
  void withdrawingDeletesOnlyWhatIsOurs() throws Exception {
    OpenRegistries.Announced ours = registries.announce(registry, ORDERS, at(1));
    raw.put(KEY, "10.0.0.1:50051");

    get(ours.announcement().withdraw());

    assertThat(raw.get(KEY)).isPresent();
  }

  @Test
  void aWithdrawnRecordIsSeenDrainingBeforeItGoes() throws Exception {
    Registry watcher = registries.open(etcd.uri("", TTL));
    OpenRegistries.Announced ours = registries.announce(registry, ORDERS, at(1));
    RecordedWatch watch = registries.watch(watcher, ORDERS);
    patiently().until(() -> addresses(watch).size() == 1);

    get(ours.announcement().withdraw());

    patiently().until(() -> addresses(watch).isEmpty());
    assertThat(watch.snapshots())
        .extracting(RegistrySnapshot::endpoints)
        .contains(EndpointSet.of(at(1).withDraining(true)));
  }

  @Test
  void aRecordWithoutALeaseOutlivesItsProcessAndIsWithdrawnByName() throws Exception {
    Registry leaseless = registries.open(etcd.uri("", "lease=none"));
    registries.announce(leaseless, ORDERS, at(1));
    assertThat(raw.get(KEY).orElseThrow().getLease()).isZero();
    leaseless.close();
    assertThat(raw.get(KEY)).isPresent();

    Registry again = registries.open(etcd.uri("", "lease=none"));
    OpenRegistries.Announced taken = registries.announce(again, ORDERS, at(1).withWeight(2));
    taken.announcement().update(at(1).withWeight(4));
    patiently().until(() -> taken.record().published() == 2);
    get(taken.announcement().withdraw());

    assertThat(raw.get(KEY)).isEmpty();
  }

  @Test
  void aWriteOfOursThatIsCarriedOutLateIsWrittenOver() {
    OpenRegistries.Announced ours = registries.announce(registry, ORDERS, at(1));
    KeyValue first = raw.get(KEY).orElseThrow();
    ours.announcement().update(at(1).withWeight(7));
    patiently().until(() -> ours.record().published() == 2);

    // As by a member that was paused with the first write in its hands.
    raw.put(KEY, first.getValue().toStringUtf8(), first.getLease());

    patiently()
        .until(() -> raw.get(KEY).orElseThrow().getValue().toStringUtf8().contains("\"weight\":7"));
    assertThat(ours.record().end()).isEmpty();
  }

  @Test
  void announcingTwiceInOneProcessKeepsTheSecond() throws Exception {
    OpenRegistries.Announced first = registries.announce(registry, ORDERS, at(1));
    OpenRegistries.Announced second = registries.announce(registry, ORDERS, at(1).withWeight(2));

    assertThat(registries.endOf(first)).isEqualTo(RegistryErrorKind.TAKEN_OVER);
    get(first.announcement().withdraw());

    assertThat(read(registry, ORDERS).endpoints()).isEqualTo(EndpointSet.of(at(1).withWeight(2)));
    assertThat(second.record().end()).isEmpty();
  }

  @Test
  void aRecordThatIsAnnouncedWhileItsOlderSelfIsWithdrawnStays() {
    for (int i = 0; i < 20; i++) {
      OpenRegistries.Announced older = registries.announce(registry, ORDERS, at(1));
      var unused = older.announcement().withdraw();
      OpenRegistries.Announced newer =
          registries.announce(registry, ORDERS, at(1).withInstance("again-" + i));
      patiently().until(() -> raw.get(KEY).isPresent());
      assertThat(newer.record().end()).isEmpty();
    }
  }

  @Test
  void foreignValuesAreSkippedCountedAndNeverSpoilTheList() throws Exception {
    raw.put("test/orders/a", "");
    raw.put("test/orders/b", "garbage");
    raw.put(
        "test/orders/c", "{\"Op\":0,\"Addr\":\"10.0.0.3:50051\",\"Metadata\":{\"w\":{\"x\":[1]}}}");
    raw.put("test/orders/d", "10.0.0.4:50051");
    raw.put("test/orders/e", "{\"Addr\":17}");
    raw.put("test/orders/f", "[1,2");
    RecordedWatch watch = registries.watch(registry, ORDERS);

    patiently()
        .untilAsserted(
            () -> assertThat(addresses(watch)).containsExactly("10.0.0.3:50051", "10.0.0.4:50051"));
    assertThat(read(registry, ORDERS).endpoints().size()).isEqualTo(2);
    raw.put("test/orders/b", "10.0.0.5:50051");
    patiently().until(() -> addresses(watch).contains("10.0.0.5:50051"));
    assertThat(
            RegistryMeter.RECORDS_MALFORMED
                .counter(registries.meters(), registry.describe())
                .count())
        .isGreaterThanOrEqualTo(3);
  }

  @Test
  void aServiceNameThatIsAPrefixOfAnotherIsKeptApart() {
    registries.announce(registry, ServiceName.parse("test/orders-v2"), at(2));
    registries.announce(registry, ORDERS, at(1));
    RecordedWatch watch = registries.watch(registry, ORDERS);

    patiently().until(() -> watch.last().isPresent());

    assertThat(addresses(watch)).containsExactly("10.0.0.1:50051");
  }

  @Test
  void namesThatBeginAlikeAreWarnedOfWhicheverComesFirst() {
    try (CapturedLogs logs = new CapturedLogs(registries.scheduler())) {
      registries.announce(registry, ServiceName.parse("test/stock"), at(1));
      registries.announce(registry, ServiceName.parse("test/stock-v2"), at(2));
      registries.announce(registry, ServiceName.parse("test/stoc"), at(3));
      registries.announce(registry, ServiceName.parse("test/other"), at(4));

      patiently()
          .until(
              () ->
                  logs.containing("etcd_name_is_prefix service=stock-v2 other=stock ").size() == 1);
      patiently()
          .until(() -> logs.containing("etcd_name_is_prefix service=stoc other=stock").size() >= 1);
      assertThat(logs.containing("other=other")).isEmpty();
    }
  }

  @Test
  void aRecordThatIsNotOursIsMentionedOnceHoweverOftenItIsSeen() throws Exception {
    try (CapturedLogs logs = new CapturedLogs(registries.scheduler())) {
      raw.put("test/orders/b", "garbage " + "x".repeat(100_000));
      RecordedWatch watch = registries.watch(registry, ORDERS);
      patiently().until(() -> watch.last().isPresent());
      for (int i = 0; i < 3; i++) {
        assertThat(read(registry, ORDERS).endpoints().isEmpty()).isTrue();
      }
      assertThat(logs.containing("etcd_record_skipped")).hasSize(1);
      assertThat(logs.containing("etcd_record_skipped").get(0)).hasSizeLessThan(300);
    }
  }

  @Test
  void twoClustersOfAProcessAreToldApartInItsMeters() {
    try (EtcdCluster another = EtcdCluster.start(1);
        CapturedLogs logs = new CapturedLogs(registries.scheduler())) {
      Registry second = registries.open(another.uri("", TTL));
      RecordedWatch one = registries.watch(registry, ORDERS);
      RecordedWatch two = registries.watch(second, ORDERS);
      registries.announce(second, ORDERS, at(1));
      patiently().until(() -> one.last().isPresent() && !addresses(two).isEmpty());

      assertThat(gauge("holdfast.watches", registry)).isEqualTo(1);
      // The record's own key is watched as well.
      assertThat(gauge("holdfast.watches", second)).isEqualTo(2);
      assertThat(gauge("holdfast.lease.state", registry)).isZero();
      assertThat(gauge("holdfast.lease.state", second)).isEqualTo(1);

      another.killAll();
      patiently().until(() -> !logs.containing("etcd_watch_broken").isEmpty());
      patiently().until(() -> counter(RegistryMeter.WATCH_RESTARTS, second) >= 1);
      assertThat(counter(RegistryMeter.WATCH_RESTARTS, registry)).isZero();
      second.close();
      // A busy loop may come to it after the close has waited for long enough.
      patiently().until(() -> registries.meters().find("holdfast.watches").gauges().size() == 1);
    }
  }

  @Test
  void twoRegistriesOfOneClusterAreAddedUpInTheGauges() {
    Registry second = registries.open(etcd.uri("", TTL, "request-timeout=10s"));
    RecordedWatch one = registries.watch(registry, ORDERS);
    RecordedWatch two = registries.watch(second, ORDERS);
    registries.announce(second, ORDERS, at(1));
    patiently().until(() -> !addresses(one).isEmpty() && !addresses(two).isEmpty());

    assertThat(gauge("holdfast.watches", registry)).isEqualTo(3);
    assertThat(gauge("holdfast.lease.state", registry)).isEqualTo(1);
    second.close();
    patiently().until(() -> gauge("holdfast.watches", registry) == 1);
    patiently().until(() -> gauge("holdfast.lease.state", registry) == 0);
  }

  @Test
  void manyListenersOfAServiceShareOneWatch() {
    List<RecordedWatch> watches =
        IntStream.range(0, 20).mapToObj(i -> registries.watch(registry, ORDERS)).toList();
    raw.put(KEY, "10.0.0.1:50051");

    watches.forEach(watch -> patiently().until(() -> addresses(watch).size() == 1));

    assertThat(registries.meters().get("holdfast.watches").gauge().value()).isEqualTo(1);
  }

  @Test
  void tenThousandEndpointsInOneServiceWork() throws Exception {
    List<String> keys =
        IntStream.range(0, 10_000)
            .mapToObj(
                i -> "test/big/10.%d.%d.%d:50051".formatted(i / 65536, i / 256 % 256, i % 256))
            .toList();
    RecordedWatch early = registries.watch(registry, ServiceName.parse("test/big"));
    patiently().until(() -> early.last().isPresent());
    raw.putAll(keys, key -> key.substring("test/big/".length()));

    patiently().until(() -> early.last().orElseThrow().size() == 10_000);
    RecordedWatch late =
        registries.watch(registries.open(etcd.uri("")), ServiceName.parse("test/big"));
    patiently().until(() -> late.last().isPresent());
    assertThat(late.last().orElseThrow().size()).isEqualTo(10_000);
    assertThat(read(registry, ServiceName.parse("test/big")).endpoints().size()).isEqualTo(10_000);
    assertThat(early.snapshots().size()).isLessThan(500);
  }

  @Test
  void aValueTooLargeForAPageIsReadAllTheSame() throws Exception {
    Registry patient = registries.open(etcd.uri("", "request-timeout=20s"));
    String large = "x".repeat(1_000_000);
    for (int i = 0; i < 40; i++) {
      raw.put("test/heavy/" + i, large);
    }
    raw.put("test/heavy/last", "10.0.0.1:50051");

    assertThat(read(patient, ServiceName.parse("test/heavy")).endpoints().size()).isEqualTo(1);
  }

  @Test
  void aCompactionDoesNotEndAWatch() {
    RecordedWatch watch = registries.watch(registry, ORDERS);
    patiently().until(() -> watch.last().isPresent());

    for (int i = 1; i <= 5; i++) {
      raw.put("test/orders/x", "10.0.0." + i + ":50051");
      raw.compactAll();
    }

    patiently().until(() -> addresses(watch).equals(List.of("10.0.0.5:50051")));
  }

  @Test
  void confirmationsComeWhileNothingChanges() {
    RecordedWatch watch = registries.watch(registry, ORDERS);

    patiently().until(() -> watch.confirmations() >= 2);

    assertThat(watch.snapshots()).hasSize(1);
    assertThat(watch.failures()).isEmpty();
  }

  private double gauge(String name, Registry of) {
    return registries.meters().get(name).tag("registry", of.describe()).gauge().value();
  }

  private double counter(RegistryMeter meter, Registry of) {
    return meter.counter(registries.meters(), of.describe()).count();
  }
}
