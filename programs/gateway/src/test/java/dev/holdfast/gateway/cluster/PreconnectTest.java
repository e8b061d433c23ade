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

/** Endpoints are connected before calls need them, and calls take those that are ready. */
class PreconnectTest {
  private static final Endpoint A = endpoint(1);
  private static final Endpoint B = endpoint(2);
  private static final Endpoint C = endpoint(3);
  private static final String REFUSED = "connection refused";

  private final List<FakePooledConnection> dialed = new ArrayList<>();
  private final Random random = new Random(5);
  private final VirtualLoop loop = new VirtualLoop(random::nextInt);
  private ClusterOptions options = ClusterOptions.DEFAULT.withBalance(ClusterLbPolicy.ROUND_ROBIN);
  private Cluster shared = Cluster.fixed("orders", EndpointSet.EMPTY, options);
  private ThreadLocalCluster<FakePooledConnection> cluster = local();

  /** A call that keeps what it is told. */
  private static final class Call implements PendingCall<FakePooledConnection> {
    private final int hash;
    @Nullable FakePooledConnection connection;
    @Nullable ConnectionPool<FakePooledConnection> pool;
    String refusal = "";

    Call(int hash) {
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
      refusal = endpoint + ": " + why + (again ? ", again" : "");
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

  @Test
  void firstCallTakesWhicheverEndpointIsReadyFirst() {
    update(A, B, C);
    assertThat(dialed).isEmpty();
    Call call = find();
    assertThat(dialed).hasSize(3);
    FakePooledConnection last = dialed.get(2);
    last.open();
    assertThat(call.connection).isSameAs(last);
  }

  @Test
  void callThatWaitsIsToldOnlyWhenNoEndpointIsLeft() {
    update(A, B);
    Call call = find();
    lose(dialed.get(0));
    assertThat(call.refusal).isEmpty();
    FakePooledConnection last = dialed.get(1);
    lose(last);
    assertThat(call.refusal).isEqualTo(last.address + ": connection refused, again");
  }

  @Test
  void newcomerIsConnectedBeforeACallChoosesIt() {
    connect(A);
    update(A, B);
    assertThat(linksTo(B)).hasSize(1);
    for (int i = 0; i < 5; i++) {
      assertThat(requireNonNull(find().connection).address).isEqualTo(A.address().toString());
    }
    assertThat(linksTo(B)).hasSize(1);
  }

  @Test
  void lostConnectionIsReplacedWithoutACallAndTriedAgainEverySecond() {
    connect(A, B);
    loop.advance(Preconnect.PAUSE.toNanos());
    lose(linksTo(A).get(0));
    assertThat(linksTo(A)).hasSize(2);
    lose(linksTo(A).get(1));
    assertThat(linksTo(A)).hasSize(2);
    loop.advance(Preconnect.PAUSE.toNanos());
    assertThat(linksTo(A)).hasSize(3);
    loop.advance(Preconnect.USED_WITHIN.toNanos());
    linksTo(A).get(2).open();
    // Nobody called for long: nobody needs it.
    lose(linksTo(A).get(2));
    loop.advance(Duration.ofMinutes(1).toNanos());
    assertThat(linksTo(A)).hasSize(3);
  }

  @Test
  void whoComesAndGoesAtOnceIsNotConnectedWithoutAPause() {
    connect(A, B);
    loop.advance(Preconnect.PAUSE.toNanos());
    for (int i = 0; i < 5; i++) {
      List<FakePooledConnection> connections = linksTo(A);
      lose(connections.get(connections.size() - 1).open());
    }
    assertThat(linksTo(A)).hasSize(2);
  }

  @Test
  void whoReturnsIsConnectedBeforeACallChoosesIt() {
    connect(A, B, C);
    ConnectionPool<FakePooledConnection> bad = poolOf(A);
    for (int i = 0; i < OutlierOptions.DEFAULT.faults(); i++) {
      bad.onFault(EndpointFault.RESET, "reset");
    }
    cluster.onEndpointHealth();
    lose(linksTo(A).get(0));
    loop.advance(Duration.ofSeconds(9).toNanos());
    assertThat(linksTo(A)).hasSize(1);
    loop.advance(Duration.ofSeconds(2).toNanos());
    assertThat(linksTo(A)).hasSize(2);
  }

  @Test
  void callWaitsForAGoodEndpointAlthoughOneThatIsLeftOutHasRoom() {
    connect(A, B);
    ConnectionPool<FakePooledConnection> bad = poolOf(A);
    for (int i = 0; i < OutlierOptions.DEFAULT.faults(); i++) {
      bad.onFault(EndpointFault.RESET, "reset");
    }
    cluster.onEndpointHealth();
    loop.advance(Preconnect.PAUSE.toNanos());
    lose(linksTo(B).get(0));
    Call call = find();
    FakePooledConnection out = linksTo(A).get(0);
    out.watch.onReady(out);
    assertThat(call.connection).isNull();
    FakePooledConnection good = linksTo(B).get(1).open();
    assertThat(call.connection).isSameAs(good);
  }

  @Test
  void clusterThatNobodyCallsIsNotConnected() {
    update(A, B);
    loop.advance(Duration.ofMinutes(5).toNanos());
    assertThat(dialed).isEmpty();
  }

  @Test
  void ofManyEndpointsSomeAreConnectedAhead() {
    Endpoint[] many =
        IntStream.range(1, 100).mapToObj(PreconnectTest::endpoint).toArray(Endpoint[]::new);
    update(many);
    find();
    assertThat(dialed).hasSize(Preconnect.MAX_ENDPOINTS);
    List.copyOf(dialed).forEach(FakePooledConnection::open);
    loop.advance(Duration.ofSeconds(30).toNanos());
    assertThat(dialed).hasSize(Preconnect.MAX_ENDPOINTS);
    // The others come to be connected as they are chosen.
    for (int i = 0; i < 2 * many.length; i++) {
      assertThat(find().connection).isNotNull();
      dialed.forEach(connection -> connection.ready = true);
    }
    assertThat(dialed.stream().map(connection -> connection.address).distinct())
        .hasSize(many.length);
  }

  @ParameterizedTest
  @EnumSource(names = "RING_HASH", mode = EnumSource.Mode.EXCLUDE)
  void callsOfWhoIsNotReadyAreSpreadOverAllOthers(ClusterLbPolicy clusterLbPolicy) {
    with(clusterLbPolicy);
    Endpoint[] ten =
        IntStream.range(1, 11).mapToObj(PreconnectTest::endpoint).toArray(Endpoint[]::new);
    connect(ten);
    linksTo(ten[3]).get(0).ready = false;
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < 9_000; i++) {
      counts.merge(requireNonNull(find().connection).address, 1, Integer::sum);
    }
    assertThat(counts).hasSize(9);
    assertThat(counts.values()).allMatch(count -> count > 800 && count < 1_200);
  }

  @Test
  void ringWaitsForItsOwnerUnlessTheOwnerCouldNotBeConnected() {
    with(ClusterLbPolicy.RING_HASH);
    connect(A, B, C);
    int hash = 7;
    FakePooledConnection owner = requireNonNull(call(hash).connection);
    lose(owner);
    Call waits = call(hash);
    assertThat(waits.connection).isNull();
    FakePooledConnection second = dialed.get(dialed.size() - 1);
    assertThat(second.address).isEqualTo(owner.address);
    lose(second);
    assertThat(waits.refusal).isEqualTo(owner.address + ": connection refused, again");

    FakePooledConnection other = requireNonNull(call(hash).connection);
    loop.advance(Preconnect.PAUSE.toNanos());
    FakePooledConnection third = dialed.get(dialed.size() - 1);
    assertThat(third.address).isEqualTo(owner.address);
    assertThat(call(hash).connection).isSameAs(other);
    third.open();
    assertThat(call(hash).connection).isSameAs(third);
  }

  @Test
  void ringSpreadsTheCallsOfAnOwnerThatIsAway() {
    with(ClusterLbPolicy.RING_HASH);
    Endpoint[] four = {A, B, C, endpoint(4)};
    connect(four);
    List<Integer> own =
        IntStream.range(0, 2_000)
            .filter(
                hash ->
                    requireNonNull(call(hash).connection).address.equals(A.address().toString()))
            .boxed()
            .toList();
    loop.advance(Preconnect.PAUSE.toNanos());
    lose(linksTo(A).get(0));
    lose(linksTo(A).get(1));
    Map<String, Integer> counts = new TreeMap<>();
    own.forEach(
        hash -> counts.merge(requireNonNull(call(hash).connection).address, 1, Integer::sum));
    assertThat(counts).hasSize(3);
    own.forEach(hash -> assertThat(call(hash).connection).isSameAs(call(hash).connection));
  }

  @Test
  void connectionsThatOnlyEndTheirCallsLeaveRoomForOthers() {
    options = options.withMaxConnections(2);
    with(ClusterLbPolicy.ROUND_ROBIN);
    connect(A);
    for (int i = 0; i < 5; i++) {
      FakePooledConnection leaves = dialed.get(dialed.size() - 1);
      leaves.retired = true;
      leaves.watch.onNotReady(leaves);
      Call call = find();
      FakePooledConnection fresh = dialed.get(dialed.size() - 1).open();
      assertThat(call.connection).isSameAs(fresh);
    }
    assertThat(dialed).hasSize(6);
    // As many as are allowed: the next one waits until one of them has closed.
    FakePooledConnection fresh = dialed.get(5);
    for (int i = 0; i < ConnectionPool.MAX_LEAVING; i++) {
      fresh.retired = true;
      fresh.watch.onNotReady(fresh);
      find();
      fresh = dialed.get(dialed.size() - 1).open();
    }
    assertThat(dialed).hasSize(ConnectionPool.MAX_LEAVING);
  }

  private void with(ClusterLbPolicy clusterLbPolicy) {
    options = options.withBalance(clusterLbPolicy);
    shared = Cluster.fixed("orders", EndpointSet.EMPTY, options);
    cluster = local();
  }

  private void update(Endpoint... endpoints) {
    EndpointSet list = EndpointSet.of(endpoints);
    shared.outlierDetector().onList(list, loop.nanoTime());
    cluster.update(list);
  }

  /** A cluster in use whose endpoints are all connected. */
  private void connect(Endpoint... endpoints) {
    update(endpoints);
    find();
    assertThat(dialed).hasSize(endpoints.length);
    List.copyOf(dialed).forEach(FakePooledConnection::open);
  }

  private void lose(FakePooledConnection connection) {
    connection.ready = false;
    connection.watch.onClosed(connection, REFUSED);
  }

  private Call find() {
    return call(0);
  }

  private Call call(int hash) {
    Call call = new Call(hash);
    cluster.find(call, loop.nanoTime());
    return call;
  }

  private ConnectionPool<FakePooledConnection> poolOf(Endpoint endpoint) {
    for (int i = 0; i < 100; i++) {
      ConnectionPool<FakePooledConnection> pool = requireNonNull(find().pool);
      if (pool.address().equals(endpoint.address().toString())) {
        return pool;
      }
    }
    throw new AssertionError(endpoint + " got no call");
  }

  private List<FakePooledConnection> linksTo(Endpoint endpoint) {
    String address = endpoint.address().toString();
    return dialed.stream().filter(connection -> connection.address.equals(address)).toList();
  }

  private static Endpoint endpoint(int number) {
    return Endpoint.of("10.0.0." + number + ":1");
  }

  private ThreadLocalCluster<FakePooledConnection> local() {
    return new ThreadLocalCluster<>(
        shared,
        (endpoint, o, watch) -> {
          FakePooledConnection connection =
              new FakePooledConnection(endpoint.address().toString(), watch);
          dialed.add(connection);
          return connection;
        },
        loop);
  }
}
