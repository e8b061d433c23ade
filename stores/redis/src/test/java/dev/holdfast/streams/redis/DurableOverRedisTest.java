package dev.holdfast.streams.redis;

import static dev.holdfast.streams.redis.RedisStreamTopology.numbers;
import static dev.holdfast.streams.redis.RedisStreamTopology.patiently;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.streams.redis.RedisStreamTopology.Instance;
import dev.holdfast.streams.redis.local.RedisProcess;
import io.grpc.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Durable streams for real: processes that are killed and stopped, and a Redis that goes away. */
@Timeout(300)
class DurableOverRedisTest {
  private static final int COUNT = 600;

  @TempDir Path folder;
  private RedisProcess redis;
  private RedisStreamTopology topology;

  @BeforeEach
  void startRedis() throws Exception {
    redis = RequiredRedis.start(folder.resolve("redis"));
    topology = new RedisStreamTopology(folder, redis);
  }

  @AfterEach
  void close() throws Exception {
    if (topology != null) {
      topology.close();
    }
    if (redis != null) {
      redis.close();
    }
  }

  @Test
  void aStreamSurvivesTheKillOfItsOwner() throws Exception {
    Instance first = topology.instance();
    Instance second = topology.instance();
    topology.leadTo(first);
    topology.talk(1, COUNT / 2);
    topology.send(COUNT / 2 + 1, COUNT / 2 + 20);

    first.process().kill();
    topology.leadTo(second);
    topology.talk(COUNT / 2 + 21, COUNT);
    topology.finish();

    topology.assertAllHeard(COUNT);
    assertEffectsInOrder(topology.effectsAt(0), topology.effectsAt(1));
  }

  @Test
  void anOwnerThatWasStoppedAndWakesUpIsFenced() throws Exception {
    Instance first = topology.instance("30");
    Instance second = topology.instance("30");
    topology.leadTo(first);
    topology.talk(1, COUNT / 2);
    topology.send(COUNT / 2 + 1, COUNT / 2 + 20);
    first.process().pause();

    topology.leadTo(second);
    topology.talk(COUNT / 2 + 21, COUNT - 100);
    first.process().resume();
    // At the latest when its record is due to be renewed.
    patiently().until(() -> first.process().countOf("ENDED RELEASED") > 0);
    topology.talk(COUNT - 99, COUNT);
    topology.finish();

    topology.assertAllHeard(COUNT);
    assertEffectsInOrder(topology.effectsAt(0), topology.effectsAt(1));
    assertThat(second.process().countOf("ENDED")).isZero();
  }

  @Test
  void aStreamWaitsForARedisThatIsAway() throws Exception {
    Instance owner = topology.instance();
    topology.leadTo(owner);
    topology.talk(1, COUNT / 2);

    redis.stop();
    topology.send(COUNT / 2 + 1, COUNT / 2 + 20);
    // Long enough for requests to fail, and to fail again.
    await().pollDelay(Duration.ofSeconds(10)).atMost(Duration.ofSeconds(60)).until(() -> true);
    assertThat(topology.heard).hasSize(COUNT / 2);
    redis.start();
    topology.talk(COUNT / 2 + 21, COUNT);
    topology.finish();

    topology.assertAllHeard(COUNT);
    assertThat(topology.effectsAt(0)).isEqualTo(numbers(1, COUNT));
  }

  @Test
  void whenRedisForgetsEverythingBothSidesAreToldOnce() throws Exception {
    Instance owner = topology.instance();
    topology.leadTo(owner);
    topology.talk(1, COUNT / 2);

    RequiredRedis.command(redis, "FLUSHALL");
    topology.send(COUNT / 2 + 1, COUNT / 2 + 20);
    topology.awaitEnd();
    patiently().until(() -> owner.process().countOf("ENDED") > 0);

    assertThat(owner.process().lines())
        .filteredOn(l -> l.startsWith("ENDED"))
        .containsExactly("ENDED LOST_STORE");
    assertLostOnce();
    assertThat(topology.effectsAt(0)).doesNotHaveDuplicates();
  }

  @Test
  void fromARedisThatWentBackInTimeNothingIsDoneTwice() throws Exception {
    Instance owner = topology.instance();
    Instance other = topology.instance();
    topology.leadTo(owner);
    topology.talk(1, COUNT / 2);
    Path copy = folder.resolve("copy");
    redis.pause();
    RequiredRedis.copy(redis.dataFolder(), copy);
    redis.resume();
    topology.talk(COUNT / 2 + 1, COUNT - 100);

    redis.kill();
    redis.wipe();
    RequiredRedis.copy(copy, redis.dataFolder());
    redis.start();
    owner.process().kill();
    topology.leadTo(other);
    topology.send(COUNT - 99, COUNT - 80);
    topology.awaitEnd();

    assertLostOnce();
    assertThat(topology.heard).doesNotHaveDuplicates();
    List<String> all = new ArrayList<>(topology.effectsAt(0));
    all.addAll(topology.effectsAt(1));
    assertThat(all).doesNotHaveDuplicates();
  }

  private void assertLostOnce() {
    assertThat(topology.lost).hasSize(1);
    assertThat(topology.ends).hasSize(1);
    assertThat(topology.ends.get(0).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(topology.heard).isEqualTo(numbers(1, topology.heard.size()));
  }

  /**
   * Each instance did what it did in order and once; both together did everything, and twice at
   * most what the first had not acknowledged when it stopped.
   */
  private static void assertEffectsInOrder(List<String> first, List<String> second) {
    assertThat(first).isEqualTo(numbers(1, first.size()));
    int from = Integer.parseInt(second.get(0));
    assertThat(second).isEqualTo(numbers(from, COUNT));
    assertThat(from).isLessThanOrEqualTo(first.size() + 1);
    assertThat(new LinkedHashSet<>(first)).hasSize(first.size());
    // The client was at most so many ahead of what was answered, and so in Redis.
    assertThat(first.size() + 1 - from).isLessThanOrEqualTo(40);
  }
}
