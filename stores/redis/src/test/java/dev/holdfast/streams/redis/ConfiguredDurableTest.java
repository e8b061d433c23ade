package dev.holdfast.streams.redis;

import static dev.holdfast.streams.redis.RedisStreamTopology.numbers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.lab.TcpRelay;
import dev.holdfast.lab.process.RecordedJvm;
import dev.holdfast.streams.grpc.EnvironmentStreamsProvider;
import dev.holdfast.streams.redis.local.RedisProcess;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCalls;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Streams that are durable by what stands in the environment, of programs that know nothing. */
@Timeout(300)
class ConfiguredDurableTest {
  private static final String PASSWORD = "a-password-that-nobody-reads";
  private static final String KEY = "a-key-of-all-instances-that-nobody-reads";
  private static final int COUNT = 400;

  @TempDir Path folder;

  @Test
  void anUnchangedProgramsStreamSurvivesTheKillOfItsOwnerAndNoLineHasASecret() throws Exception {
    Files.writeString(folder.resolve("password"), PASSWORD + "\n");
    Files.writeString(folder.resolve("key"), KEY + "\n");
    try (RedisProcess redis =
            RequiredRedis.start(folder.resolve("redis"), "--requirepass", PASSWORD);
        RecordedJvm first = instance(redis, "first");
        RecordedJvm second = instance(redis, "second");
        TcpRelay relay = TcpRelay.toPort(Integer.parseInt(first.await("READY")));
        RecordedJvm client =
            RecordedJvm.startBehind(
                environment(Map.of()),
                PlainRecordingProgram.class,
                "talk",
                "" + relay.port(),
                "" + COUNT)) {
      client.await("HALF");
      int port = Integer.parseInt(second.await("READY"));
      relay.retarget(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      first.kill();
      relay.cut();
      client.tell("on");

      assertThat(client.await("ENDED")).isEqualTo("OK in_order=" + COUNT);
      assertEffects(effectsAt("first"), effectsAt("second"));
      for (RecordedJvm each : List.of(first, second, client)) {
        assertThat(each.countOf("event=streams_on")).isOne();
        assertThat(each.lines()).noneMatch(l -> l.contains(PASSWORD) || l.contains(KEY));
      }
    }
  }

  @Test
  void sentinelsMayFindTheStoreToo() {
    assertThat(new RedisStoreProvider().schemes())
        .contains("redis", "rediss", "redis-sentinel", "rediss-sentinel")
        .allSatisfy(scheme -> RedisAddress.parse(scheme + "://h:1/0#primary", Map.of()));
  }

  @Test
  void theSecretStandsInOnePlaceAndIsNeverSaid() throws Exception {
    Path file = folder.resolve("key");
    Files.writeString(file, "too-short");
    String fileName = EnvironmentStreamsProvider.KEY_FILE_VARIABLE;
    assertRefused(Map.of(), fileName + ", HOLDFAST_STREAMS_KEY: none (expected: ");
    assertRefused(
        Map.of(fileName, file.toString(), EnvironmentStreamsProvider.KEY_VARIABLE, KEY),
        "HOLDFAST_STREAMS_KEY: set together with " + fileName + " (expected: one of them)");
    assertRefused(Map.of(fileName, file.toString()), fileName + ": 9 bytes (expected: >= 16)");
    assertRefused(
        Map.of(EnvironmentStreamsProvider.KEY_VARIABLE, "too-short"),
        "HOLDFAST_STREAMS_KEY: 9 bytes (expected: >= 16)");
    assertRefused(Map.of(fileName, file + ".none"), fileName + ": " + file + ".none: no such file");
    Files.write(file, new byte[(64 << 10) + 1]);
    assertRefused(Map.of(fileName, file.toString()), "(expected: at most 65536 bytes, a key)");
  }

  private static void assertRefused(Map<String, String> said, String message) {
    Map<String, String> environment = new HashMap<>(said);
    environment.put(EnvironmentStreamsProvider.STORE_VARIABLE, "redis://127.0.0.1:1");
    ServerServiceDefinition service =
        ServerServiceDefinition.builder("test.Ledger")
            .addMethod(RecordingServer.TALK, ServerCalls.asyncBidiStreamingCall(answers -> answers))
            .build();
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new EnvironmentStreamsProvider()
                    .configure("test.Ledger/*=durable", environment)
                    .resumable(service))
        .withMessageContaining(message)
        .withMessageNotContaining("too-short")
        .withMessageNotContaining(KEY);
  }

  private RecordedJvm instance(RedisProcess redis, String name) throws Exception {
    return RecordedJvm.startBehind(
        environment(
            Map.of(
                EnvironmentStreamsProvider.STORE_VARIABLE, redis.uri(),
                EnvironmentStreamsProvider.KEY_FILE_VARIABLE, folder.resolve("key").toString(),
                RedisAddress.PASSWORD_FILE, folder.resolve("password").toString())),
        PlainRecordingProgram.class,
        "serve",
        folder.resolve(name).toString());
  }

  private static List<String> environment(Map<String, String> more) {
    List<String> command =
        new ArrayList<>(List.of("env", "HOLDFAST_STREAMS=test.Ledger/*=durable"));
    // Everything that is ever said.
    command.add("JDK_JAVA_OPTIONS=-Dholdfast.test.log=TRACE");
    more.forEach((name, value) -> command.add(name + "=" + value));
    return command;
  }

  private List<String> effectsAt(String name) throws Exception {
    return Files.readAllLines(folder.resolve(name));
  }

  /** In order at each; all of them, and twice at most what was not acknowledged at the kill. */
  private static void assertEffects(List<String> first, List<String> second) {
    assertThat(first).isEqualTo(numbers(1, first.size())).hasSizeGreaterThan(COUNT / 2 - 40);
    int from = Integer.parseInt(second.get(0));
    assertThat(second).isEqualTo(numbers(from, COUNT));
    assertThat(from).isBetween(first.size() + 1 - PlainRecordingProgram.AHEAD, first.size() + 1);
  }
}
