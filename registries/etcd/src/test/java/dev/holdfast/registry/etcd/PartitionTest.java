package dev.holdfast.registry.etcd;

import static dev.holdfast.registry.etcd.OpenRegistries.addresses;
import static dev.holdfast.registry.etcd.OpenRegistries.at;
import static dev.holdfast.registry.etcd.OpenRegistries.patiently;
import static dev.holdfast.registry.etcd.OpenRegistries.readFailure;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.RecordedWatch;
import dev.holdfast.registry.etcd.local.EtcdProcess;
import dev.holdfast.registry.etcd.proto.KeyValue;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One member of three that clients reach as ever, but that its fellows do not reach any more. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "the network between members reads /proc")
@Order(1) // among the longest: the others run beside it
class PartitionTest {
  // Kept alive every 10 s, so still at the member that is cut off, and then elsewhere in time: an
  // election takes 3 s, and on a busy machine longer than what a lease of 10 s leaves for it.
  private static final String OPTIONS = "?ttl=30s&request-timeout=3s";
  private static final Pattern NO_LEADER =
      Pattern.compile("no leader|no answer in time|not answer");
  private static final int MORTAL_TTL_SECONDS = 36;
  private static final String FIRST = "10.0.0.1:50051";
  private static final String SECOND = "10.0.0.2:50051";
  private static final String MORTAL = "10.0.0.9:50051";
  private static EtcdCluster etcd;
  private OpenRegistries registries;
  private final List<OpenRegistries.Announced> records = new ArrayList<>();

  /** What the member that is cut off was to the others. */
  enum Role {
    LEADER,
    FOLLOWER
  }

  @BeforeAll
  static void startEtcd() {
    // A member says "no leader" after four timeouts at the earliest: later than a keepalive is due.
    etcd =
        EtcdCluster.startDivisible(
            EtcdRelease.INSTALLED, 3, "--heartbeat-interval=150", "--election-timeout=1500");
  }

  @AfterAll
  static void stopEtcd() {
    etcd.close();
  }

  @BeforeEach
  void open() {
    registries = new OpenRegistries();
  }

  @AfterEach
  void close() {
    registries.close();
    etcd.heal();
  }

  @ParameterizedTest
  @EnumSource
  void aMemberCutOffFromALivingMajorityIsLeftAndNothingFlaps(Role role) throws Exception {
    int cut = memberInThe(role);
    EtcdProcess lonely = etcd.member(cut);
    String majority = etcd.member((cut + 1) % 3).address();
    String others = majority + "," + etcd.member((cut + 2) % 3).address();
    ServiceName service = ServiceName.parse("test/cut-off-" + role.name().toLowerCase(Locale.ROOT));
    String prefix = service + "/";
    String lonelyFirst = "etcd://" + lonely.address() + "/" + OPTIONS + "&endpoints=" + others;
    RecordedWatch elsewhere =
        registries.watch(registries.open("etcd://" + others + "/" + OPTIONS), service);
    RecordedWatch moving = registries.watch(registries.openAtFirst(lonelyFirst), service);
    Registry bound = registries.open("etcd://" + lonely.address() + "/" + OPTIONS);
    RecordedWatch staying = registries.watch(bound, service);
    OpenRegistries.Announced record =
        registries.announceUntilPublished(registries.openAtFirst(lonelyFirst), service, at(1));
    records.add(record);
    List<RecordedWatch> all = List.of(elsewhere, moving, staying);
    awaitLists(all, FIRST);

    try (RawEtcd raw = new RawEtcd(majority);
        RawEtcd rawLonely = new RawEtcd(lonely.address())) {
      KeyValue before = raw.get(raw.keys(prefix).get(0)).orElseThrow();
      etcd.cutOff(cut);
      patiently().until(() -> !hasLeader(cut));
      succeed(() -> raw.put(prefix + "mortal", MORTAL, raw.grant(MORTAL_TTL_SECONDS)));

      awaitLists(List.of(elsewhere, moving), FIRST, MORTAL);
      // The one that moves may have left before the cut, when a busy machine was too slow for it;
      // this one can't, and on such a machine the member may be too slow to say so.
      patiently().until(() -> hasHeard(staying, NO_LEADER));
      assertThat(readFailure(bound, service).kind()).isEqualTo(RegistryErrorKind.UNAVAILABLE);

      // Nobody keeps this one alive, and it was granted later and for longer than the record.
      awaitLists(List.of(elsewhere, moving), FIRST);
      assertThat(hasLeader(cut)).isFalse();
      assertThat(succeed(() -> raw.get(before.getKey().toStringUtf8()))).contains(before);
      assertThat(listsSeen(staying)).containsExactly(List.of(FIRST));

      etcd.heal();
      patiently().until(() -> hasLeader(cut));
      succeed(() -> rawLonely.put(prefix + "second", SECOND));
      awaitLists(all, FIRST, SECOND);
      assertThat(succeed(() -> raw.get(before.getKey().toStringUtf8()))).contains(before);
    }

    assertThat(record.record().end()).isEmpty();
    assertThat(record.record().published()).isEqualTo(1);
    all.forEach(PartitionTest::assertInOneLife);
    for (RecordedWatch watch : List.of(elsewhere, moving)) {
      assertThat(listsSeen(watch))
          .containsExactly(
              List.of(FIRST), List.of(FIRST, MORTAL), List.of(FIRST), List.of(FIRST, SECOND));
    }
  }

  private static boolean hasHeard(RecordedWatch watch, Pattern reason) {
    return watch.failures().stream().anyMatch(e -> reason.matcher(e.toString()).find());
  }

  private void awaitLists(List<RecordedWatch> watches, String... expected) {
    for (RecordedWatch watch : watches) {
      try {
        patiently().until(() -> addresses(watch).equals(List.of(expected)));
      } catch (ConditionTimeoutException e) {
        throw new AssertionError(seenBy(watches), e);
      }
    }
  }

  /**
   * The message of a failure: how records ended, the lists and failures of each watch, leader and
   * keys of each member.
   */
  private String seenBy(List<RecordedWatch> watches) {
    StringBuilder seen = new StringBuilder("records ended: ");
    records.forEach(each -> seen.append(each.record().end()).append("; "));
    for (RecordedWatch watch : watches) {
      seen.append("lists ").append(listsSeen(watch));
      seen.append(", failures ").append(watch.failures()).append("; ");
    }
    for (int i = 0; i < 3; i++) {
      EtcdProcess member = etcd.member(i);
      seen.append(member.address()).append(hasLeader(i) ? " has a leader" : " has no leader");
      try (RawEtcd raw = new RawEtcd(member.address())) {
        seen.append(", keys ").append(raw.keys("test/")).append("; ");
      } catch (StatusRuntimeException e) {
        seen.append(", keys: ").append(e.getStatus()).append("; ");
      }
    }
    return seen.toString();
  }

  private static void assertInOneLife(RecordedWatch watch) {
    assertThat(watch.snapshots().stream().map(RegistrySnapshot::epoch).distinct()).hasSize(1);
  }

  /** The lists of addresses in the order in which they were shown, from the first record on. */
  private static List<List<String>> listsSeen(RecordedWatch watch) {
    List<List<String>> seen = new ArrayList<>();
    for (RegistrySnapshot snapshot : watch.snapshots()) {
      List<String> next =
          snapshot.endpoints().endpoints().stream().map(e -> e.address().toString()).toList();
      boolean first = seen.isEmpty();
      if (first ? !next.isEmpty() : !seen.get(seen.size() - 1).equals(next)) {
        seen.add(next);
      }
    }
    return seen;
  }

  private static int memberInThe(Role role) {
    patiently().until(() -> IntStream.range(0, 3).allMatch(PartitionTest::hasLeader));
    return succeed(
        () ->
            IntStream.range(0, 3)
                .filter(i -> says(i, "etcd_server_is_leader 1") == (role == Role.LEADER))
                .boxed()
                .findFirst()
                .orElseThrow(Status.UNAVAILABLE::asRuntimeException));
  }

  /**
   * What a request says that is refused while a leader is elected, as after a cut and a healing.
   */
  private static <T> T succeed(Callable<T> request) {
    return patiently()
        .ignoreException(StatusRuntimeException.class)
        .until(request, Objects::nonNull);
  }

  private static boolean hasLeader(int member) {
    return says(member, "etcd_server_has_leader 1");
  }

  private static boolean says(int member, String metric) {
    return etcd.says(member, metric);
  }
}
