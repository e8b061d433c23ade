package dev.holdfast.streams.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.lab.RelayConnection;
import dev.holdfast.lab.RelayDirection;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.SessionRecord;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.StoreResponse;
import dev.holdfast.streams.redis.local.RedisProcess;
import dev.holdfast.streams.wire.SessionId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Connections that stall: one of a few, or all; and what they carried arrives after all. */
class LateWritesTest {
  private static final Caller CALLER = new Caller("device", "test.Devices/Talk");
  private static final Duration KEEP = Duration.ofHours(1);
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration TIMEOUT = Duration.ofSeconds(1);
  private static final StoreResponse FAILED = new StoreResponse.Failed();
  private static final StoreResponse SAVED = new StoreResponse.Saved();

  @TempDir Path folder;
  private RedisProcess redis;
  private TcpRelay relay;
  private RedisSessionStore store;

  @BeforeEach
  void start() throws Exception {
    redis = RequiredRedis.start(folder.resolve("redis"));
    relay = TcpRelay.toPort(redis.port());
    store =
        RedisSessionStore.open(
            "redis://127.0.0.1:" + relay.port(), RedisStoreOptions.DEFAULT.withTimeout(TIMEOUT));
    assertThat(store.awaitConnected(PATIENCE)).isTrue();
  }

  @AfterEach
  void stop() {
    if (store != null) {
      store.close();
      relay.close();
    }
    if (redis != null) {
      redis.close();
    }
  }

  @Test
  void aSaveThatArrivesAfterNewerOnesChangesNothing() throws Exception {
    SessionId id = new SessionId(1, 2);
    assertThat(get(store.claim(begin(id)))).isInstanceOf(StoreResponse.Claimed.class);
    List<RelayConnection> old = relay.connections();
    int connections = relay.acceptedCount();
    old.forEach(connection -> connection.stall(RelayDirection.TO_SERVER));

    assertThat(get(store.save(save(id, 0)))).isEqualTo(FAILED);
    patiently().until(() -> relay.acceptedCount() == 2 * connections && store.isConnected());
    assertThat(get(store.save(save(id, 0)))).isEqualTo(SAVED);
    assertThat(get(store.save(save(id, 1)))).isEqualTo(SAVED);
    assertThat(get(store.save(save(id, 2)))).isEqualTo(SAVED);
    int scripts = scriptsRun();
    old.forEach(RelayConnection::heal);
    patiently().until(() -> scriptsRun() > scripts);

    assertThat(get(store.save(save(id, 3)))).isEqualTo(SAVED);
    StoreResponse answer =
        get(store.claim(new StoreRequest.Claim(id, 2, "b", CALLER, Optional.empty(), KEEP)));
    assertThat(answer)
        .isInstanceOfSatisfying(
            StoreResponse.Claimed.class,
            claimed -> assertThat(claimed.record().version()).isEqualTo(4));
  }

  @Test
  void oneSilentConnectionIsNoticedWhileItsNeighboursAnswer() {
    int connections = relay.acceptedCount();
    assertThat(connections).isGreaterThan(1);
    relay.connections().get(0).stall();

    // The others are asked all the time, and answer.
    long[] sessions = {0};
    patiently()
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> {
              for (int i = 0; i < connections; i++) {
                sessions[0]++;
                var unused = store.claim(begin(new SessionId(7, sessions[0])));
              }
              return relay.acceptedCount() == 2 * connections;
            });

    patiently().until(store::isConnected);
  }

  @Test
  void greetingMayTakeLongerThanAReply() throws Exception {
    Duration timeout = Duration.ofMillis(200);
    relay.delay(RelayDirection.TO_CLIENT, timeout.plusMillis(100));

    try (RedisSessionStore starved =
        RedisSessionStore.open(
            "redis://127.0.0.1:" + relay.port(), RedisStoreOptions.DEFAULT.withTimeout(timeout))) {
      assertThat(starved.awaitConnected(PATIENCE)).isTrue();
    }
  }

  private int scriptsRun() throws Exception {
    String stats = RequiredRedis.info(redis, "commandstats", "cmdstat_evalsha");
    return Integer.parseInt(stats.substring("calls=".length(), stats.indexOf(',')));
  }

  private static StoreRequest.Claim begin(SessionId id) {
    SessionRecord fresh = SessionRecord.fresh(1, "a", CALLER);
    return new StoreRequest.Claim(id, 1, "a", CALLER, Optional.of(fresh), KEEP);
  }

  private static StoreRequest.Save save(SessionId id, long version) {
    return new StoreRequest.Save(
        id, 1, "a", version, version + 1, 0, List.of(), false, false, KEEP);
  }

  private static StoreResponse get(CompletionStage<StoreResponse> answer) throws Exception {
    return answer.toCompletableFuture().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static ConditionFactory patiently() {
    return await().atMost(PATIENCE);
  }
}
