package dev.holdfast.streams.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.local.FreePort;
import dev.holdfast.core.testkit.LogLines;
import dev.holdfast.streams.SessionRecord;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.StoreResponse;
import dev.holdfast.streams.redis.RedisStoreOptions.RestartTrust;
import dev.holdfast.streams.redis.local.RedisProcess;
import dev.holdfast.streams.wire.SessionId;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the contract of stores does not say: connections, restarts, secrets and bounds. */
class RedisSessionStoreTest {
  private static final Caller CALLER = new Caller("device", "test.Devices/Talk");
  private static final SessionId ID = new SessionId(1, 2);
  private static final Duration KEEP = Duration.ofHours(1);
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String SECRET = "open-sesame-7";
  private static final StoreResponse FAILED = new StoreResponse.Failed();

  @TempDir Path folder;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  @Test
  void whatIsNoAddressIsRefusedAndShowsNoPassword() {
    for (String uri :
        List.of(
            "http://u:" + SECRET + "@h",
            "redis:u:" + SECRET + "@h",
            "redis://u:" + SECRET + "@h:x")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> RedisSessionStore.open(uri))
          .withMessageContaining("expected: redis[s]://host[:port][/database]")
          .withMessageNotContaining(SECRET);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RedisStoreOptions.DEFAULT.withNamespace("with space"))
        .withMessageContaining("namespace: \"with space\" (expected: ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RedisStoreOptions.DEFAULT.withTimeout(Duration.ZERO))
        .withMessageContaining("timeout: PT0S (expected: 10 ms to 10 s)");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                RedisAddress.parse(
                    "redis://h",
                    Map.of(RedisAddress.PASSWORD, SECRET, RedisAddress.PASSWORD_FILE, "f")))
        .withMessageContaining("expected: one of them")
        .withMessageNotContaining(SECRET);
  }

  @Test
  void aPasswordIsReadFromItsFileAtEachConnectAndNeverSaid() throws Exception {
    RedisProcess redis = redis("--requirepass", SECRET);
    Path file = folder.resolve("password");
    Files.writeString(file, "wrong-" + SECRET);
    try (LogLines lines = new LogLines(RedisConnector.class)) {
      RedisSessionStore store =
          opened(
              RedisSessionStore.open(
                  redis.uri(),
                  RedisStoreOptions.DEFAULT,
                  meters,
                  Map.of(RedisAddress.PASSWORD_FILE, file.toString())));
      patiently()
          .until(() -> lines.all().stream().anyMatch(l -> l.contains("event=redis_unreachable")));

      Files.writeString(file, SECRET + "\n");

      assertThat(store.awaitConnected(PATIENCE)).isTrue();
      assertThat(get(store.claim(begin("a")))).isInstanceOf(StoreResponse.Claimed.class);
      assertThat(lines.all()).noneMatch(line -> line.contains(SECRET));
      assertThat(lines.untidy()).isEmpty();
    }
  }

  @Test
  void tlsIsSpokenWithWhomTheAuthorityVouchesForOnly() throws Exception {
    Path certificate = folder.resolve("redis.crt");
    Path key = folder.resolve("redis.key");
    makeCertificate(certificate, key);
    int port = FreePort.find();
    redis(
        "--tls-port", Integer.toString(port),
        "--tls-cert-file", certificate.toString(),
        "--tls-key-file", key.toString(),
        "--tls-auth-clients", "no");
    String uri = "rediss://127.0.0.1:" + port;

    try (LogLines lines = new LogLines(RedisConnector.class)) {
      RedisSessionStore distrusting = open(uri, RedisStoreOptions.DEFAULT);
      patiently()
          .until(() -> lines.all().stream().anyMatch(l -> l.contains("event=redis_unreachable")));
      assertThat(distrusting.isConnected()).isFalse();
    }
    RedisSessionStore trusting =
        connected(uri, RedisStoreOptions.DEFAULT.withAuthorities(certificate));
    assertThat(get(trusting.claim(begin("a")))).isInstanceOf(StoreResponse.Claimed.class);
  }

  @Test
  void scriptsThatRedisForgotAreSaidAgain() throws Exception {
    RedisProcess redis = redis();
    RedisSessionStore store = connected(redis.uri(), RedisStoreOptions.DEFAULT);
    get(store.claim(begin("a")));

    assertThat(RequiredRedis.command(redis, "SCRIPT FLUSH")).isEqualTo("+OK");

    assertThat(get(store.claim(resume(2, "b")))).isInstanceOf(StoreResponse.Claimed.class);
  }

  @Test
  void whileRedisIsAwayRequestsFailAtOnceAndAfterwardsNothingIsGone() throws Exception {
    RedisProcess redis = redis();
    RedisSessionStore store = connected(redis.uri(), RedisStoreOptions.DEFAULT);
    get(store.claim(begin("a")));

    redis.kill();
    patiently().until(() -> !store.isConnected());
    assertThat(store.claim(resume(2, "b")).toCompletableFuture()).isCompletedWithValue(FAILED);
    redis.start();

    assertThat(store.awaitConnected(PATIENCE)).isTrue();
    // Redis wrote it down before it answered, and says so: another instance may go on.
    assertThat(get(store.claim(resume(2, "b")))).isInstanceOf(StoreResponse.Claimed.class);
  }

  @Test
  void aRedisThatSaysNothingIsGivenUpAndFoundAgain() throws Exception {
    RedisProcess redis = redis();
    RedisSessionStore store =
        connected(redis.uri(), RedisStoreOptions.DEFAULT.withTimeout(Duration.ofMillis(500)));
    redis.pause();
    try {
      assertThat(get(store.claim(begin("a")))).isEqualTo(FAILED);
      patiently().until(() -> !store.isConnected());
    } finally {
      redis.resume();
    }

    patiently().until(() -> get(store.claim(begin("a"))) instanceof StoreResponse.Claimed);
  }

  @Test
  void afterARestartOfARedisThatMayForgetOnlyTheOwnerGoesOn() throws Exception {
    RedisProcess redis = redis("--appendfsync", "everysec");
    get(connected(redis.uri(), RedisStoreOptions.DEFAULT).claim(begin("a")));
    redis.stop();
    redis.start();

    RedisSessionStore store = connected(redis.uri(), RedisStoreOptions.DEFAULT);
    assertThat(get(store.claim(resume(2, "b")))).isEqualTo(new StoreResponse.Missing());
    patiently().until(() -> RedisMeter.UNTRUSTED.counter(meters).count() == 1);
    assertThat(get(store.claim(resume(3, "a")))).isInstanceOf(StoreResponse.Claimed.class);
    // Its owner has vouched for it.
    assertThat(get(store.claim(resume(4, "b")))).isInstanceOf(StoreResponse.Claimed.class);
  }

  @Test
  void whoTrustsARedisThatMayForgetGoesOnAnywhere() throws Exception {
    RedisProcess redis = redis("--appendfsync", "everysec");
    get(connected(redis.uri(), RedisStoreOptions.DEFAULT).claim(begin("a")));
    redis.stop();
    redis.start();

    RedisSessionStore store =
        connected(redis.uri(), RedisStoreOptions.DEFAULT.withRestarts(RestartTrust.TRUSTED));
    assertThat(get(store.claim(resume(2, "b")))).isInstanceOf(StoreResponse.Claimed.class);
  }

  @Test
  void beyondTheBoundOfWaitingRequestsMoreFailAtOnce() throws Exception {
    RedisProcess redis = redis();
    RedisStoreOptions narrow =
        RedisStoreOptions.DEFAULT
            .withTimeout(Duration.ofSeconds(10))
            .withMaxInFlight(1)
            .withMaxWaiting(2);
    RedisSessionStore store = connected(redis.uri(), narrow);
    redis.pause();
    try {
      CompletionStage<StoreResponse> first = store.claim(begin("a"));
      CompletionStage<StoreResponse> second = store.claim(resume(2, "b"));

      assertThat(store.claim(resume(3, "c")).toCompletableFuture()).isCompletedWithValue(FAILED);

      redis.resume();
      assertThat(get(first)).isInstanceOf(StoreResponse.Claimed.class);
      assertThat(get(second)).isInstanceOf(StoreResponse.Claimed.class);
    } finally {
      redis.resume();
    }
  }

  @Test
  void aRecordThatSomebodyElseWroteIsNotBelieved() throws Exception {
    RedisProcess redis = redis();
    RedisSessionStore store = connected(redis.uri(), RedisStoreOptions.DEFAULT);
    get(store.claim(begin("a")));

    RequiredRedis.command(redis, "HSET holdfast:streams:" + ID + " p many");

    assertThat(get(store.claim(resume(2, "b")))).isInstanceOf(StoreResponse.Lost.class);
  }

  private RedisProcess redis(String... arguments) throws Exception {
    return opened(RequiredRedis.start(folder.resolve("redis"), arguments));
  }

  private RedisSessionStore open(String uri, RedisStoreOptions options) {
    return opened(RedisSessionStore.open(uri, options, meters, Map.of()));
  }

  private RedisSessionStore connected(String uri, RedisStoreOptions options) throws Exception {
    RedisSessionStore store = open(uri, options);
    assertThat(store.awaitConnected(PATIENCE)).isTrue();
    return store;
  }

  private <T extends AutoCloseable> T opened(T resource) {
    open.add(resource);
    return resource;
  }

  private static StoreRequest.Claim begin(String owner) {
    SessionRecord fresh = SessionRecord.fresh(1, owner, CALLER);
    return new StoreRequest.Claim(ID, 1, owner, CALLER, Optional.of(fresh), KEEP);
  }

  private static StoreRequest.Claim resume(long attach, String owner) {
    return new StoreRequest.Claim(ID, attach, owner, CALLER, Optional.empty(), KEEP);
  }

  private static StoreResponse get(CompletionStage<StoreResponse> answer) throws Exception {
    return answer.toCompletableFuture().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static ConditionFactory patiently() {
    return await().atMost(PATIENCE);
  }

  private static void makeCertificate(Path certificate, Path key) throws Exception {
    Process openssl =
        new ProcessBuilder(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=redis",
                "-addext",
                "subjectAltName=IP:127.0.0.1",
                "-keyout",
                key.toString(),
                "-out",
                certificate.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(openssl.waitFor()).isZero();
  }
}
