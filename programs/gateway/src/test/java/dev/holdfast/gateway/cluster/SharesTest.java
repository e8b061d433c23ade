package dev.holdfast.gateway.cluster;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who gets how much of a cluster's calls: zones, age and faults, under every balance. */
class SharesTest {
  private static final Duration SLOW_START = Duration.ofSeconds(10);
  private static final int CALLS = 6_000;

  private final Random random = new Random(11);
  private final VirtualLoop loop = new VirtualLoop(random::nextInt);

  /** A loop's cluster; every connection is there at once. */
  private final class Rig {
    final Cluster cluster;
    final ThreadLocalCluster<FakePooledConnection> local;
    final List<FakePooledConnection> dialed = new ArrayList<>();

    Rig(ClusterLbPolicy clusterLbPolicy, String zone) {
      LoadBalancingOptions loadBalancingOptions =
          new LoadBalancingOptions(clusterLbPolicy, zone, SLOW_START);
      cluster =
          Cluster.fixed(
              "orders",
              EndpointSet.EMPTY,
              ClusterOptions.DEFAULT.withLoadBalancing(loadBalancingOptions));
      local =
          new ThreadLocalCluster<>(
              cluster,
              (endpoint, options, watch) -> {
                FakePooledConnection connection =
                    new FakePooledConnection(endpoint.address().toString(), watch);
                dialed.add(connection);
                loop.after(0, connection::open);
                return connection;
              },
              loop);
      cluster.listenToHealth(() -> loop.after(0, local::onEndpointHealth));
    }

    void update(Endpoint... endpoints) {
      EndpointSet set = EndpointSet.of(endpoints);
      cluster.outlierDetector().onList(set, loop.nanoTime());
      local.update(set);
      loop.advance(0);
    }

    /** Percent of calls by the last number of their endpoint. */
    Map<Integer, Integer> spread() {
      connect();
      Map<Integer, Integer> counts = new TreeMap<>();
      for (int i = 0; i < CALLS; i++) {
        counts.merge(number(call(i).connection), 1, Integer::sum);
      }
      counts.replaceAll((endpoint, count) -> Math.round(count * 100f / CALLS));
      return counts;
    }

    /** Calls until nobody is dialed any more, so that no call has to go elsewhere. */
    private void connect() {
      int before;
      do {
        before = dialed.size();
        IntStream.range(0, 500).forEach(this::call);
        loop.advance(0);
      } while (dialed.size() > before);
    }

    Found call(int hash) {
      Found found = new Found(hash);
      local.find(found, loop.nanoTime());
      return found;
    }

    /** Faults at this endpoint until it is left out. */
    void eject(Endpoint endpoint) {
      ConnectionPool<FakePooledConnection> pool = requireNonNull(call(0).pool);
      for (int i = 1; !pool.address().equals(endpoint.address().toString()); i++) {
        pool = requireNonNull(call(i).pool);
      }
      for (int i = 0; i < OutlierOptions.DEFAULT.faults(); i++) {
        pool.onFault(EndpointFault.RESET, "the upstream reset the stream");
      }
      loop.advance(0);
    }
  }

  /** A call that takes what it is given. */
  private static final class Found implements PendingCall<FakePooledConnection> {
    private final int hash;
    @Nullable ConnectionPool<FakePooledConnection> pool;
    @Nullable FakePooledConnection connection;

    Found(int hash) {
      this.hash = hash;
    }

    @Override
    public void onConnection(
        ConnectionPool<FakePooledConnection> from, FakePooledConnection found) {
      pool = from;
      connection = found;
    }

    @Override
    public void onNoConnection(String endpoint, String why, boolean again) {
      throw new AssertionError(endpoint + ": " + why);
    }

    @Override
    public boolean isOver() {
      return false;
    }

    @Override
    public int hash() {
      return hash;
    }
  }

  @ParameterizedTest
  @EnumSource(names = "RING_HASH", mode = EnumSource.Mode.EXCLUDE)
  void ownZoneFirstAndTheOthersTakeWhatIsMissing(ClusterLbPolicy clusterLbPolicy) {
    Rig rig = new Rig(clusterLbPolicy, "a");
    Endpoint[] all = {
      in(1, "a"), in(2, "a"), in(3, "a"), in(4, "a"), in(5, "b"), in(6, "b"), in(7, "")
    };
    rig.update(all);
    assertThat(rig.spread()).containsOnlyKeys(1, 2, 3, 4);

    // A quarter may be missing; of half of it 1.4 times the rest is 70 %.
    rig.eject(all[0]);
    assertThat(rig.spread()).containsOnlyKeys(2, 3, 4);
    rig.eject(all[1]);
    Map<Integer, Integer> spilled = rig.spread();
    assertThat(spilled.keySet()).containsExactly(3, 4, 5, 6, 7);
    assertThat(spilled.getOrDefault(3, 0) + spilled.getOrDefault(4, 0)).isBetween(67, 73);
  }

  @Test
  void aZoneWithoutEndpointsMakesNoDifference() {
    Rig rig = new Rig(ClusterLbPolicy.LEAST_REQUEST, "elsewhere");
    rig.update(in(1, "a"), in(2, "b"));
    assertThat(rig.spread()).containsOnlyKeys(1, 2);
  }

  @ParameterizedTest
  @EnumSource(names = "RING_HASH", mode = EnumSource.Mode.EXCLUDE)
  void whoJoinsGrowsIntoItsShare(ClusterLbPolicy clusterLbPolicy) {
    Rig rig = new Rig(clusterLbPolicy, "");
    rig.update(in(1, ""), in(2, ""));
    assertThat(rig.spread().get(1)).isBetween(47, 53);

    rig.update(in(1, ""), in(2, ""), in(3, ""));
    assertThat(rig.spread().get(3)).isBetween(4, 6);
    loop.advance(SLOW_START.toNanos() / 2);
    assertThat(rig.spread().get(3)).isBetween(17, 23);
    loop.advance(SLOW_START.toNanos() / 2);
    assertThat(rig.spread().get(3)).isBetween(30, 36);
  }

  @Test
  void aRestartIsANewcomer() {
    Rig rig = new Rig(ClusterLbPolicy.WEIGHTED, "");
    rig.update(in(1, "").withInstance("one"), in(2, ""));
    rig.update(in(1, "").withInstance("two"), in(2, ""));
    assertThat(rig.spread().get(1)).isBetween(7, 12);
  }

  @ParameterizedTest
  @EnumSource
  void whoFailsGetsNoCallsUntilItsTimeIsOver(ClusterLbPolicy clusterLbPolicy) {
    Rig rig = new Rig(clusterLbPolicy, "");
    Endpoint bad = in(1, "");
    rig.update(bad, in(2, ""), in(3, ""));
    assertThat(rig.spread()).containsOnlyKeys(1, 2, 3);

    rig.eject(bad);
    assertThat(loop.said).containsExactly("ejected 10.0.0.1:1 reset 5 for PT10S");
    assertThat(rig.spread()).containsOnlyKeys(2, 3);

    loop.advance(OutlierOptions.DEFAULT.ejection().toNanos());
    assertThat(loop.said).hasSize(2).contains("returned 10.0.0.1:1");
    assertThat(rig.spread()).containsOnlyKeys(1, 2, 3);
  }

  @Test
  void whatIsLeftOutIsBetterThanNothing() {
    Rig rig = new Rig(ClusterLbPolicy.ROUND_ROBIN, "");
    Endpoint bad = in(1, "");
    rig.update(bad, in(2, ""));
    rig.spread();
    rig.eject(bad);
    rig.dialed.stream()
        .filter(connection -> number(connection) == 2)
        .forEach(connection -> connection.calls = connection.most);
    // Another connection to the good one is on its way: the call waits for it.
    Found waits = rig.call(0);
    assertThat(waits.connection).isNull();
    loop.advance(0);
    assertThat(number(waits.connection)).isEqualTo(2);

    rig.update(bad);
    assertThat(number(rig.call(0).connection)).isEqualTo(1);
  }

  private static int number(@Nullable FakePooledConnection connection) {
    return Integer.parseInt(requireNonNull(connection).address.replaceAll(".*\\.|:.*", ""));
  }

  private static Endpoint in(int number, String zone) {
    return Endpoint.of("10.0.0." + number + ":1").withZone(zone);
  }
}
