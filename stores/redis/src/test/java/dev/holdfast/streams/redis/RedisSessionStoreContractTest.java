package dev.holdfast.streams.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.SessionStore;
import dev.holdfast.streams.redis.local.RedisProcess;
import dev.holdfast.streams.testkit.SessionStoreContractTest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class RedisSessionStoreContractTest extends SessionStoreContractTest {
  @TempDir static Path folder;
  private static RedisProcess redis;
  private final List<RedisSessionStore> opened = new ArrayList<>();

  @BeforeAll
  static void startRedis() throws Exception {
    redis = RequiredRedis.start(folder);
  }

  @AfterAll
  static void stopRedis() {
    if (redis != null) {
      redis.close();
    }
  }

  @AfterEach
  void closeStores() {
    opened.forEach(RedisSessionStore::close);
  }

  @Override
  protected SessionStore open() throws Exception {
    return open(RedisStoreOptions.DEFAULT);
  }

  @Override
  protected SessionStore openWithRecordsOfAtMost(int bytes) throws Exception {
    // The least limit there is.
    assertThat(bytes).isEqualTo(1000);
    return open(RedisStoreOptions.DEFAULT.withMaxRecordBytes(1024));
  }

  private SessionStore open(RedisStoreOptions options) throws Exception {
    RedisSessionStore store =
        RedisSessionStore.open(redis.uri(), options.withTimeout(Duration.ofSeconds(10)));
    opened.add(store);
    assertThat(store.awaitConnected(Duration.ofSeconds(60))).isTrue();
    return store;
  }
}
