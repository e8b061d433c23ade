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
  private RedisStreamTopology town;

  @BeforeEach
  void startRedis() throws Exception {
    redis = RequiredRedis.start(folder.resolve("redis"));
    town = new RedisStreamTopology(folder, redis);
  }

  @AfterEach
  void close() throws Exception {
    if (town != null) {
      town.close();
    }
    if (redis != null) {
      redis.close();
    }
  }

  @Test
  void aStreamSurvivesTheKillOfItsOwner() throws Exception {
    Instance first = town.instance();
    Instance second = town.instance();
    town.leadTo(first);
    town.talk(1, COUNT / 2);
    town.send(COUNT / 2 + 1, COUNT / 2 + 20);

    first.process().kill();
    town.leadTo(second);
    town.talk(COUNT / 2 + 21, COUNT);
    town.finish();

    town.assertAllHeard(COUNT);
    assertEffectsInOrder(town.effectsAt(0), town.effectsAt(1));
  }

  @Test
  void anOwnerThatWasStoppedAndWakesUpIsFenced() throws Exception {
    Instance first = town.instance("30");
    Instance second = town.instance("30");
    town.leadTo(first);
    town.talk(1, COUNT / 2);
    town.send(COUNT / 2 + 1, COUNT / 2 + 20);
    first.process().pause();

    town.leadTo(second);
    town.talk(COUNT / 2 + 21, COUNT - 100);
    first.process().resume();
    // At the latest when its record is due to be renewed.
    patiently().until(() -> first.process().countOf("ENDED RELEASED") > 0);
    town.talk(COUNT - 99, COUNT);
    town.finish();

    town.assertAllHeard(COUNT);
    assertEffectsInOrder(town.effectsAt(0), town.effectsAt(1));
    assertThat(second.process().countOf("ENDED")).isZero();
  }

  @Test
  void aStreamWaitsForARedisThatIsAway() throws Exception {
    Instance owner = town.instance();
    town.leadTo(owner);
    town.talk(1, COUNT / 2);

    redis.stop();
    town.send(COUNT / 2 + 1, COUNT / 2 + 20);
    // Long enough for requests to fail, and to fail again.
    await().pollDelay(Duration.ofSeconds(10)).atMost(Duration.ofSeconds(60)).until(() -> true);
    assertThat(town.heard).hasSize(COUNT / 2);
    redis.start();
    town.talk(COUNT / 2 + 21, COUNT);
    town.finish();

    town.assertAllHeard(COUNT);
    assertThat(town.effectsAt(0)).isEqualTo(numbers(1, COUNT));
  }

  @Test
  void whenRedisForgetsEverythingBothSidesAreToldOnce() throws Exception {
    Instance owner = town.instance();
    town.leadTo(owner);
    town.talk(1, COUNT / 2);

    RequiredRedis.command(redis, "FLUSHALL");
    town.send(COUNT / 2 + 1, COUNT / 2 + 20);
    town.awaitEnd();
    patiently().until(() -> owner.process().countOf("ENDED") > 0);

    assertThat(owner.process().lines())
        .filteredOn(l -> l.startsWith("ENDED"))
        .containsExactly("ENDED LOST_STORE");
    assertLostOnce();
    assertThat(town.effectsAt(0)).doesNotHaveDuplicates();
  }

  @Test
  void fromARedisThatWentBackInTimeNothingIsDoneTwice() throws Exception {
    Instance owner = town.instance();
    Instance other = town.instance();
    town.leadTo(owner);
    town.talk(1, COUNT / 2);
    Path copy = folder.resolve("copy");
    redis.pause();
    RequiredRedis.copy(redis.dataFolder(), copy);
    redis.resume();
    town.talk(COUNT / 2 + 1, COUNT - 100);

    redis.kill();
    redis.wipe();
    RequiredRedis.copy(copy, redis.dataFolder());
    redis.start();
    owner.process().kill();
    town.leadTo(other);
    town.send(COUNT - 99, COUNT - 80);
    town.awaitEnd();

    assertLostOnce();
    assertThat(town.heard).doesNotHaveDuplicates();
    List<String> all = new ArrayList<>(town.effectsAt(0));
    all.addAll(town.effectsAt(1));
    assertThat(all).doesNotHaveDuplicates();
  }

  private void assertLostOnce() {
    assertThat(town.lost).hasSize(1);
    assertThat(town.ends).hasSize(1);
    assertThat(town.ends.get(0).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(town.heard).isEqualTo(numbers(1, town.heard.size()));
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
