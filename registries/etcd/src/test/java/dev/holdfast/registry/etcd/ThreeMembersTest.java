package dev.holdfast.registry.etcd;

import static dev.holdfast.registry.etcd.OpenRegistries.addresses;
import static dev.holdfast.registry.etcd.OpenRegistries.at;
import static dev.holdfast.registry.etcd.OpenRegistries.patiently;
import static dev.holdfast.registry.etcd.OpenRegistries.read;
import static dev.holdfast.registry.etcd.OpenRegistries.readFailure;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.RecordedWatch;
import dev.holdfast.registry.etcd.local.EtcdProcess;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;

/** Members of a real cluster that die, pause, lose their quorum and come back. */
@Order(1) // among the longest: the others run beside it
@OnEveryEtcd
class ThreeMembersTest {
  private static final AtomicInteger RUN = new AtomicInteger();
  private static EtcdCluster etcd;

  /** Which etcd the class runs against; its members are static. */
  @Parameter EtcdRelease release;

  private OpenRegistries registries;
  private ServiceName service;

  @BeforeParameterizedClassInvocation
  static void startEtcd(EtcdRelease release) {
    // Else a pause of half a second is an election, in which requests fail.
    etcd = EtcdCluster.start(release, 3, "--heartbeat-interval=100", "--election-timeout=1500");
  }

  @AfterParameterizedClassInvocation
  static void stopEtcd() {
    etcd.close();
  }

  @BeforeEach
  void open() throws Exception {
    etcd.startAll();
    registries = new OpenRegistries();
    service = ServiceName.parse("test/orders-" + RUN.incrementAndGet());
  }

  @AfterEach
  void close() {
    registries.close();
  }

  @Test
  void anyMemberMayBeKilledWithoutLosingARecordOrAChange() throws Exception {
    Registry server = registries.open(etcd.uri("", "ttl=20s", "request-timeout=10s"));
    Registry client = registries.open(etcd.uri("", "ttl=20s", "request-timeout=10s"));
    OpenRegistries.Announced record = registries.announceUntilPublished(server, service, at(1));
    RecordedWatch watch = registries.watch(client, service);
    patiently().until(() -> addresses(watch).size() == 1);

    int weight = 1;
    for (EtcdProcess member : etcd.members().processes()) {
      member.kill();
      int next = ++weight;
      record.announcement().update(at(1).withWeight(next));
      patiently().until(() -> watch.last().orElseThrow().endpoints().get(0).weight() == next);
      awaitRead(client, 1);
      etcd.startAll();
    }

    assertThat(record.record().end()).isEmpty();
    assertThat(watch.snapshots()).allMatch(snapshot -> snapshot.endpoints().size() == 1);
  }

  /** Not at once, where members elect their leader. */
  private void awaitRead(Registry by, int size) {
    patiently().ignoreExceptions().until(() -> read(by, service).endpoints().size() == size);
  }

  @Test
  void aPausedMemberIsLeftWithinTheRequestTimeout() throws Exception {
    int follower = etcd.follower();
    EtcdProcess paused = etcd.member(follower);
    EtcdProcess next = etcd.member((follower + 1) % 3);
    Registry client =
        registries.openAtFirst(
            "etcd://"
                + paused.address()
                + "/?ttl=30s&request-timeout=10s&endpoints="
                + next.address());
    OpenRegistries.Announced record = registries.announceUntilPublished(client, service, at(1));
    RecordedWatch watch = registries.watch(client, service);
    patiently().until(() -> addresses(watch).size() == 1);

    paused.pause();
    try (RawEtcd raw = new RawEtcd(next.address())) {
      long begun = System.nanoTime();
      assertThat(read(client, service).endpoints().size()).isEqualTo(1);
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(client.requestTimeout());
      raw.put("test/" + service.name() + "/x", "10.0.0.9:50051");
      patiently().until(() -> addresses(watch).size() == 2);
    } finally {
      paused.resume();
    }
    assertThat(record.record().end()).isEmpty();
    patiently().until(() -> watch.confirmations() > 0);
  }

  @Test
  void aStartAtAPausedMemberGoesOnAtTheNext() throws Exception {
    int follower = etcd.follower();
    EtcdProcess paused = etcd.member(follower);
    paused.pause();
    try {
      Registry client =
          registries.openAtFirst(
              "etcd://"
                  + paused.address()
                  + "/?request-timeout=10s&endpoints="
                  + etcd.member((follower + 1) % 3).address());
      RecordedWatch watch = registries.watch(client, service);
      assertThat(read(client, service).endpoints().isEmpty()).isTrue();
      patiently().until(() -> watch.last().isPresent());
    } finally {
      paused.resume();
    }
  }

  @Test
  void withoutQuorumReadsFailWatchesSaySoAndEverythingComesBack() throws Exception {
    Registry server = registries.open(etcd.uri("", "ttl=8s", "request-timeout=3s"));
    Registry client = registries.open(etcd.uri("", "ttl=8s", "request-timeout=3s"));
    OpenRegistries.Announced record = registries.announceUntilPublished(server, service, at(1));
    RecordedWatch watch = registries.watch(client, service);
    patiently().until(() -> addresses(watch).size() == 1);

    etcd.member(1).kill();
    etcd.member(2).kill();

    patiently().until(() -> !watch.failures().isEmpty());
    assertThat(readFailure(client, service).kind()).isEqualTo(RegistryErrorKind.UNAVAILABLE);
    assertThat(registries.endOf(record)).isEqualTo(RegistryErrorKind.LEASE_LOST);
    int snapshots = watch.snapshots().size();
    assertThat(addresses(watch)).hasSize(1);

    etcd.startAll();

    patiently().until(() -> watch.snapshots().size() > snapshots);
    registries.announceUntilPublished(server, service, at(2));
    patiently().until(() -> addresses(watch).contains("10.0.0.2:50051"));
  }

  @Test
  void aMemberAloneIsNotBelieved() throws Exception {
    etcd.member(1).kill();
    etcd.member(2).kill();
    Registry client =
        registries.open("etcd://" + etcd.member(0).address() + "/?request-timeout=2s");

    RecordedWatch watch = registries.watch(client, service);

    patiently().until(() -> !watch.failures().isEmpty());
    assertThat(watch.snapshots()).isEmpty();
    etcd.startAll();
    patiently().until(() -> watch.last().isPresent());
  }

  @Test
  void aWipeOfAllMembersIsRecognised() throws Exception {
    // Three members take a while to wipe, and a lease that ran out meanwhile would be news of its
    // own.
    Registry server = registries.open(etcd.uri("", "ttl=1m", "request-timeout=5s"));
    Registry client = registries.open(etcd.uri("", "ttl=1m", "request-timeout=5s"));
    OpenRegistries.Announced record = registries.announceUntilPublished(server, service, at(1));
    RecordedWatch watch = registries.watch(client, service);
    patiently().until(() -> addresses(watch).size() == 1);
    for (int i = 2; i < 30; i++) {
      record.announcement().update(at(1).withWeight(i));
      int weight = i;
      patiently().until(() -> watch.last().orElseThrow().endpoints().get(0).weight() == weight);
    }
    long epoch = watch.snapshots().get(0).epoch();

    etcd.wipeAll();

    assertThat(registries.endOf(record)).isEqualTo(RegistryErrorKind.WIPED);
    patiently().until(() -> addresses(watch).isEmpty());
    List<RegistrySnapshot> seen = watch.snapshots();
    assertThat(seen.get(seen.size() - 1).epoch()).isNotEqualTo(epoch);
    assertThat(seen.subList(0, seen.size() - 1))
        .as("an empty list never comes with the old epoch")
        .allMatch(s -> s.epoch() != epoch || !s.endpoints().isEmpty());
  }
}
