package dev.holdfast.registry.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.testkit.VirtualScheduler;
import dev.holdfast.registry.kubernetes.SimulatedCluster.Fault;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bad days that last for minutes, under virtual time. */
class KubernetesLongFaultsTest {
  private static final ReflectorOptions OPTIONS =
      new ReflectorOptions(
          Duration.ofSeconds(5),
          Duration.ofMinutes(2),
          Duration.ofSeconds(130),
          Duration.ofMinutes(30),
          Backoff.BackoffOptions.REGISTRY);

  private static final Duration OUTAGE = Duration.ofMinutes(10);

  // The longest pause between two attempts, and answers that now and then take eight seconds, when
  // they are given up after five.
  private static final Duration AT_ONCE = Backoff.BackoffOptions.REGISTRY.cap().plusSeconds(25);

  private static final int MANY = 5;

  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final Requests requests = new Requests();
  private final Follower follower = new Follower();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void anApiServerThatIsAwayForTenMinutesCostsNothingAndIsFollowedAtOnceAfterwards(long seed) {
    SimulatedCluster cluster = followed(seed);
    Map<String, Slice> before = cluster.slices();
    long newest = newest(before);
    assertThat(follower.shown).isEqualTo(before);
    int words = follower.words;
    requests.count = 0;

    scheduler.execute(() -> cluster.suffer(Fault.AWAY));
    scheduler.execute(() -> change(cluster));
    scheduler.advance(OUTAGE);

    assertThat(follower.shown).as("the list is kept").isEqualTo(before);
    assertThat(follower.words).as("nothing is shown").isEqualTo(words);
    assertThat(follower.failures)
        .as("it is said once")
        .extracting(RegistryException::kind)
        .containsExactly(RegistryException.RegistryErrorKind.UNAVAILABLE);
    assertThat(requests.count)
        .as("requests of an outage")
        .isBetween(60, ReflectorSimulation.MAX_REQUESTS_PER_MINUTE);

    scheduler.execute(() -> cluster.suffer(Fault.NONE));
    scheduler.advance(AT_ONCE);

    assertThat(follower.shown).isEqualTo(cluster.slices()).isNotEqualTo(before);
    assertThat(follower.firstWord).as("the first word is a whole list").isEqualTo("all");
    assertThat(follower.oldest).as("nothing older than before").isGreaterThanOrEqualTo(newest);
    assertThat(requests.versions).doesNotContain("0");
    assertThat(follower.failures).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void aClusterThatIsRestoredFromABackupIsFollowedAsItIsThen(long seed) {
    SimulatedCluster cluster = followed(seed);
    scheduler.execute(cluster::save);
    Map<String, Slice> saved = cluster.slices();
    scheduler.execute(() -> change(cluster));
    scheduler.advance(Duration.ofSeconds(30));
    assertThat(follower.shown).isEqualTo(cluster.slices()).isNotEqualTo(saved);

    scheduler.execute(cluster::restore);
    // A watch from its future is accepted and silent, until it ends.
    scheduler.advance(OPTIONS.watchTimeout().plus(AT_ONCE));

    assertThat(follower.shown).isEqualTo(cluster.slices());
    assertThat(follower.shown.keySet()).isEqualTo(saved.keySet());
    scheduler.execute(() -> change(cluster));
    scheduler.advance(Duration.ofSeconds(30));
    assertThat(follower.shown).as("and goes on from there").isEqualTo(cluster.slices());
  }

  private SimulatedCluster followed(long seed) {
    Random random = new Random(seed * 0x9E3779B97F4A7C15L);
    SimulatedCluster cluster = new SimulatedCluster(scheduler, random, requests);
    change(cluster);
    SliceInformer.InformerContext around =
        new SliceInformer.InformerContext(
            cluster,
            scheduler,
            random,
            new KubernetesMeters(new SimpleMeterRegistry(), "simulated"),
            OPTIONS);
    SliceInformer feed = SliceInformer.of(new SliceScope("prod", "orders"), around, follower);
    scheduler.execute(feed::start);
    scheduler.advance(Duration.ofMinutes(1));
    follower.failures.clear();
    return cluster;
  }

  private static void change(SimulatedCluster cluster) {
    for (int i = 0; i < MANY; i++) {
      cluster.change();
    }
  }

  private static long newest(Map<String, Slice> slices) {
    return slices.values().stream().mapToLong(s -> Long.parseLong(s.version())).max().orElse(0);
  }

  private static final class Requests implements SimulatedCluster.Observer {
    private final List<String> versions = new ArrayList<>();
    private int count;

    @Override
    public void onList(ApiTransport.ApiListRequest query) {
      count++;
      versions.add(query.version());
    }

    @Override
    public void onWatch(ApiTransport.ApiWatchRequest query) {
      count++;
      versions.add(query.version());
    }

    @Override
    public void onBusy(Duration retryAfter) {
      throw new AssertionError("nobody is busy here");
    }
  }

  /** What a user of the slices sees. */
  private static final class Follower implements SliceInformer.SliceListener {
    private final Map<String, Slice> shown = new TreeMap<>();
    private final List<RegistryException> failures = new ArrayList<>();
    private int words;
    private String firstWord = "";

    /** The version of the newest slice in the oldest list since the first failure. */
    private long oldest = Long.MAX_VALUE;

    @Override
    public void onAll(Map<String, List<Slice>> slices) {
      show("all", slices);
    }

    @Override
    public void onChanged(Map<String, List<Slice>> slices) {
      show("changed", slices);
    }

    @Override
    public void onConfirmed() {}

    @Override
    public void onFailure(RegistryException cause) {
      failures.add(cause);
      firstWord = "";
    }

    private void show(String word, Map<String, List<Slice>> slices) {
      words++;
      shown.clear();
      slices.getOrDefault("orders", List.of()).forEach(slice -> shown.put(slice.name(), slice));
      if (firstWord.isEmpty()) {
        firstWord = word;
      }
      if (!failures.isEmpty()) {
        oldest = Math.min(oldest, newest(shown));
      }
    }
  }
}
