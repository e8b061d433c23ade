package dev.holdfast.registry.etcd;

import static dev.holdfast.registry.etcd.OpenRegistries.ORDERS;
import static dev.holdfast.registry.etcd.OpenRegistries.patiently;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.testkit.RecordedWatch;
import dev.holdfast.lab.process.RecordedJvm;
import dev.holdfast.registry.etcd.proto.KeyValue;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two processes of the operating system that announce one and the same address. */
@Order(1) // among the longest: the others run beside it
class TwoProcessesTest {
  private static final String ADDRESS = "10.0.0.1:50051";
  private static final String KEY = "test/orders/" + ADDRESS;

  /** Not shorter: a machine with much else to do must not let a lease lapse. */
  private static final Duration TTL = Duration.ofSeconds(10);

  /** More than the three TTLs after which an older one checks again. */
  private static final Duration BEYOND_A_CHECK = TTL.multipliedBy(3).plusSeconds(2);

  /** For a JVM that starts on a machine with much else to do. */
  private static final Duration START = Duration.ofMinutes(2);

  private EtcdCluster etcd;
  private OpenRegistries registries;
  private RecordedWatch watch;

  @BeforeEach
  void start() {
    etcd = EtcdCluster.start(1);
    registries = new OpenRegistries();
    watch = registries.watch(registries.open(etcd.uri("")), ORDERS);
  }

  @AfterEach
  void stop() {
    registries.close();
    etcd.close();
  }

  @Test
  @Timeout(400)
  void theNewerKeepsTheRecordAndTheOlderTakesOverWhenItIsKilledOrLeaves() throws Exception {
    try (RecordedJvm older = announcing("older")) {
      patiently().until(() -> instances().equals(List.of("older")));

      try (RecordedJvm newer = announcing("newer")) {
        patiently().until(() -> older.countOf("state CONFLICT") == 1);
        patiently()
            .until(() -> older.countOf("code=" + CloseReason.REGISTRATION_CONFLICT.code()) == 1);
        assertThat(CloseReason.REGISTRATION_CONFLICT.code()).isEqualTo("HF-301");
        unchangedBeyondALook(older, newer);

        newer.kill();
        patiently().until(() -> older.countOf("state VISIBLE") == 2);
        patiently().until(() -> last().equals("older"));
      }

      try (RecordedJvm third = announcing("third")) {
        patiently().until(() -> older.countOf("state CONFLICT") == 2);
        patiently().until(() -> last().equals("third"));

        third.tell("leave");
        patiently().until(() -> third.countOf("left") == 1);
        patiently().until(() -> older.countOf("state VISIBLE") == 3);
        patiently().until(() -> last().equals("older"));
      }
      assertThat(instances()).containsExactly("older", "newer", "older", "third", "older");
    }
  }

  /**
   * The record is written by nobody, but once for each lease of its owner: on a busy machine one is
   * granted so late that it lapses before it is kept alive.
   */
  private void unchangedBeyondALook(RecordedJvm older, RecordedJvm newer) {
    Map<Long, Long> revisions = new HashMap<>();
    try (RawEtcd raw = RawEtcd.at(etcd)) {
      await()
          .during(BEYOND_A_CHECK)
          .atMost(BEYOND_A_CHECK.multipliedBy(2))
          .untilAsserted(
              () -> {
                assertThat(instances())
                    .as("older: %s%nnewer: %s", older.lines(), newer.lines())
                    .containsExactly("older", "newer");
                Optional<KeyValue> record = raw.get(KEY);
                record.ifPresent(
                    now -> revisions.putIfAbsent(now.getLease(), now.getModRevision()));
                assertThat(record.map(KeyValue::getModRevision))
                    .as("older: %s%nnewer: %s", older.lines(), newer.lines())
                    .isEqualTo(record.map(KeyValue::getLease).map(revisions::get));
              });
    }
  }

  private RecordedJvm announcing(String instance) throws Exception {
    RecordedJvm started =
        RecordedJvm.start(
            AnnouncingProgram.class,
            etcd.uri("", "ttl=" + TTL.toSeconds() + "s", "request-timeout=10s"),
            ORDERS.toString(),
            ADDRESS,
            instance);
    await().atMost(START).until(() -> started.countOf("state VISIBLE") == 1);
    return started;
  }

  /** Who held the record, one after the other, whether or not there was nobody in between. */
  private List<String> instances() {
    List<String> all =
        watch.snapshots().stream()
            .flatMap(snapshot -> snapshot.endpoints().endpoints().stream())
            .map(endpoint -> endpoint.instance())
            .toList();
    return IntStream.range(0, all.size())
        .filter(i -> i == 0 || !all.get(i).equals(all.get(i - 1)))
        .mapToObj(all::get)
        .toList();
  }

  private String last() {
    return watch.last().stream()
        .flatMap(list -> list.endpoints().stream())
        .map(endpoint -> endpoint.instance())
        .findFirst()
        .orElse("nobody");
  }
}
