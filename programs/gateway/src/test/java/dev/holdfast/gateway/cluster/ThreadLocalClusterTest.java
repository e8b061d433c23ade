package dev.holdfast.gateway.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ThreadLocalClusterTest {
  private static final Endpoint A = Endpoint.of("10.0.0.1:1");
  private static final Endpoint B = Endpoint.of("10.0.0.2:1");

  private final List<FakePooledConnection> dialed = new ArrayList<>();
  private final VirtualLoop loop = new VirtualLoop();
  private final ThreadLocalCluster<FakePooledConnection> cluster =
      cluster(ClusterLbPolicy.ROUND_ROBIN, 3);
  private final ThreadLocalCluster<FakePooledConnection> successor =
      cluster(ClusterLbPolicy.ROUND_ROBIN, 3);

  /** A call and what became of its search. */
  private static final class Call implements PendingCall<FakePooledConnection> {
    @Nullable FakePooledConnection connection;
    String refusal = "";
    boolean over;

    @Override
    public void onConnection(
        ConnectionPool<FakePooledConnection> pool, FakePooledConnection found) {
      connection = found;
      found.calls++;
    }

    @Override
    public void onNoConnection(String endpoint, String why, boolean again) {
      refusal = endpoint + ": " + why + (again ? ", again" : "");
    }

    @Override
    public boolean isOver() {
      return over;
    }

    @Override
    public int hash() {
      return 1;
    }
  }

  @Test
  void callWaitsForTheListAndThenForAConnection() {
    Call call = find();
    assertThat(dialed).isEmpty();
    cluster.update(EndpointSet.of(A));
    assertThat(dialed).hasSize(1);
    assertThat(call.connection).isNull();
    FakePooledConnection connection = dialed.get(0).open();
    assertThat(call.connection).isSameAs(connection);
  }

  @Test
  void useOnAnotherThreadThanThatOfTheLoopIsCaught() {
    cluster.update(EndpointSet.of(A));
    assertThatThrownBy(() -> CompletableFuture.runAsync(cluster::onEndpointHealth).join())
        .hasCauseInstanceOf(AssertionError.class);
  }

  @Test
  void emptyListIsAnAnswer() {
    cluster.update(EndpointSet.EMPTY);
    assertThat(find().refusal).isEqualTo("none: cluster orders has no endpoint");
  }

  @Test
  void noCallWaitsForAConnectionWhileAnotherEndpointHasOne() {
    cluster.update(EndpointSet.of(A, B));
    find();
    dialed.get(0).open();
    for (int i = 0; i < 4; i++) {
      assertThat(find().connection).isSameAs(dialed.get(0));
    }
    // But the other one is being connected, and takes its share from then on.
    assertThat(dialed).hasSize(2);
    dialed.get(1).open();
    find();
    find();
    assertThat(dialed.get(1).calls).isEqualTo(1);
  }

  @Test
  void drainingAndRemovedEndpointsGetNoNewCalls() {
    cluster.update(EndpointSet.of(A, B));
    FakePooledConnection ofA = connect(A);
    FakePooledConnection ofB = connect(B);
    cluster.update(EndpointSet.of(A.withDraining(true), B));
    assertThat(ofA.retired).isTrue();
    for (int i = 0; i < 5; i++) {
      assertThat(find().connection).isSameAs(ofB);
    }
    assertThat(ofB.retired).isFalse();
  }

  @Test
  void drainingEndpointsAreBetterThanNone() {
    cluster.update(EndpointSet.of(A.withDraining(true)));
    find();
    assertThat(dialed).hasSize(1);
  }

  @Test
  void callReachesTheEndpointThatItWantsAlthoughAnotherOneIsReady() {
    cluster.update(EndpointSet.of(A, B));
    connect(A);
    Call call = new Call();
    cluster.find(call, new EndpointPreference(B.address(), null), loop.nanoTime());
    assertThat(call.connection).as("before there is a connection").isNull();
    FakePooledConnection ofB = connect(B);
    assertThat(call.connection).isSameAs(ofB);
  }

  @Test
  void callForAnEndpointThatIsNotListedGoesWhereOthersGo() {
    cluster.update(EndpointSet.of(A));
    FakePooledConnection ofA = connect(A);
    Call call = new Call();
    cluster.find(call, new EndpointPreference(B.address(), null), loop.nanoTime());
    assertThat(call.connection).isSameAs(ofA);
    assertThat(cluster.has(A.address())).isTrue();
    assertThat(cluster.has(B.address())).isFalse();
  }

  @Test
  void callThatAvoidsAnEndpointReachesItOnlyIfThereIsNoOther() {
    cluster.update(EndpointSet.of(A, B));
    FakePooledConnection ofA = connect(A);
    FakePooledConnection ofB = connect(B);
    EndpointPreference preference = new EndpointPreference(null, A.address());
    for (int i = 0; i < 4; i++) {
      Call call = new Call();
      cluster.find(call, preference, loop.nanoTime());
      assertThat(call.connection).isSameAs(ofB);
    }
    cluster.update(EndpointSet.of(A));
    Call call = new Call();
    cluster.find(call, preference, loop.nanoTime());
    assertThat(call.connection).isSameAs(ofA);
  }

  @Test
  void staleConnectionGetsNoCallBeforeItProvedItself() {
    cluster.update(EndpointSet.of(A));
    FakePooledConnection connection = connect(A);
    connection.stale = true;
    Call call = find();
    assertThat(call.connection).isNull();
    assertThat(connection.proofs).isPositive();
    assertThat(dialed).hasSize(1);
    connection.stale = false;
    connection.watch.onReady(connection);
    assertThat(call.connection).isSameAs(connection);
  }

  @Test
  void suspectConnectionIsRacedByAnother() {
    cluster.update(EndpointSet.of(A));
    FakePooledConnection connection = connect(A);
    connection.stale = true;
    Call call = find();
    connection.watch.onNotReady(connection);
    assertThat(dialed).hasSize(2);
    FakePooledConnection second = dialed.get(1).open();
    assertThat(call.connection).isSameAs(second);
  }

  @Test
  void nextConnectionIsOpenedBeforeTheFirstIsFull() {
    cluster.update(EndpointSet.of(A));
    FakePooledConnection connection = connect(A);
    connection.calls = 79;
    find();
    assertThat(dialed).hasSize(1);
    find();
    assertThat(dialed).hasSize(2);
    find();
    assertThat(dialed).hasSize(2);
  }

  @Test
  void connectionsStopAtTheCeilingAndCallsWaitForRoom() {
    cluster.update(EndpointSet.of(A));
    for (int i = 0; i < 3; i++) {
      Call call = find();
      FakePooledConnection opened = dialed.get(i).open();
      assertThat(call.connection).isSameAs(opened);
      opened.calls = opened.most;
    }
    Call waits = find();
    assertThat(dialed).hasSize(3);
    assertThat(waits.connection).isNull();
    FakePooledConnection first = dialed.get(0);
    first.calls--;
    first.watch.onReady(first);
    assertThat(waits.connection).isSameAs(first);
  }

  @Test
  void failureToConnectIsToldAndRestsBeforeTheNextAttempt() {
    cluster.update(EndpointSet.of(A));
    Call call = find();
    FakePooledConnection failed = dialed.get(0);
    failed.watch.onClosed(failed, "connection refused");
    assertThat(call.refusal).isEqualTo("10.0.0.1:1: connection refused, again");
    assertThat(find().refusal).isEqualTo("10.0.0.1:1: connection refused");
    assertThat(dialed).hasSize(1);
  }

  @Test
  void callThatIsOverIsNotGivenAConnection() {
    cluster.update(EndpointSet.of(A));
    Call gone = find();
    Call waits = find();
    gone.over = true;
    dialed.get(0).open();
    assertThat(gone.connection).isNull();
    assertThat(waits.connection).isNotNull();
  }

  @Test
  void waitingCallsAreBounded() {
    cluster.update(EndpointSet.of(A));
    for (int i = 0; i < ConnectionPool.MAX_WAITING; i++) {
      assertThat(find().refusal).isEmpty();
    }
    assertThat(find().refusal).contains("too many pending calls");
  }

  @Test
  void callsThatAreOverDoNotWait() {
    cluster.update(EndpointSet.of(A));
    for (int i = 0; i < ConnectionPool.MAX_WAITING; i++) {
      find().over = true;
    }
    Call call = find();
    assertThat(call.refusal).isEmpty();
    dialed.get(0).open();
    assertThat(call.connection).isNotNull();
  }

  @Test
  void callsThatWaitForTheListGoToTheSuccessor() {
    Call call = find();
    cluster.retire(() -> successor);
    assertThat(call.refusal).isEmpty();
    assertThat(connectSuccessor()).isSameAs(call.connection);
  }

  @Test
  void callsThatWaitForAnyEndpointGoToTheSuccessor() {
    cluster.update(EndpointSet.of(A));
    Call call = find();
    cluster.retire(() -> successor);
    assertThat(call.refusal).isEmpty();
    assertThat(connectSuccessor()).isSameAs(call.connection);
  }

  @Test
  void callsThatWaitForTheirOwnEndpointGoToTheSuccessor() {
    ThreadLocalCluster<FakePooledConnection> ring = cluster(ClusterLbPolicy.RING_HASH, 3);
    ring.update(EndpointSet.of(A));
    Call call = new Call();
    ring.find(call, loop.nanoTime());
    ring.retire(() -> successor);
    assertThat(call.refusal).isEmpty();
    assertThat(connectSuccessor()).isSameAs(call.connection);
  }

  @Test
  void callsThatWaitAreRefusedWhenThereIsNoSuccessor() {
    Call call = find();
    cluster.retire(() -> cluster);
    assertThat(call.refusal).isEqualTo("none: cluster orders was removed");
  }

  @Test
  void callsThatAreOverDoNotWaitForTheList() {
    for (int i = 0; i < ThreadLocalCluster.MAX_WAITING_FOR_LIST; i++) {
      find().over = true;
    }
    assertThat(find().refusal).isEmpty();
  }

  @Test
  void wornConnectionServesUntilThereIsAnother() {
    cluster.update(EndpointSet.of(A));
    FakePooledConnection old = connect(A);
    old.watch.onAged(old);
    assertThat(dialed).hasSize(2);
    assertThat(find().connection).isSameAs(old);
    FakePooledConnection fresh = dialed.get(1).open();
    assertThat(old.retired).isTrue();
    assertThat(find().connection).isSameAs(fresh);
  }

  @Test
  void wornConnectionsStayWhenThereMayBeNoOther() {
    ThreadLocalCluster<FakePooledConnection> one = cluster(ClusterLbPolicy.ROUND_ROBIN, 1);
    one.update(EndpointSet.of(A));
    one.find(new Call(), loop.nanoTime());
    FakePooledConnection only = dialed.get(0).open();
    only.watch.onAged(only);
    assertThat(dialed).hasSize(1);
    Call call = new Call();
    one.find(call, loop.nanoTime());
    assertThat(call.connection).isSameAs(only);
  }

  @Test
  void ringWaitsForItsOwnEndpoint() {
    ThreadLocalCluster<FakePooledConnection> ring = cluster(ClusterLbPolicy.RING_HASH, 3);
    ring.update(EndpointSet.of(A, B));
    Call first = new Call();
    ring.find(first, 0);
    dialed.get(1).open();
    assertThat(first.connection).isNull();
    FakePooledConnection own = dialed.get(0).open();
    assertThat(first.connection).isSameAs(own);
    own.stale = true;
    Call second = new Call();
    ring.find(second, 0);
    assertThat(second.connection).isNull();
    assertThat(dialed).hasSize(2);
  }

  @Test
  void anotherConnectionTakesThePlaceOfAnOldOneBeforeItGoes() {
    ClusterOptions aging = ClusterOptions.DEFAULT.withConnectionAge(Duration.ofMinutes(10));
    ThreadLocalCluster<FakePooledConnection> aged = cluster(aging);
    aged.update(EndpointSet.of(A));
    aged.find(new Call(), loop.nanoTime());
    FakePooledConnection old = dialed.get(0).open();

    loop.advance(Duration.ofMinutes(9).minusSeconds(1).toNanos());
    assertThat(dialed).hasSize(1);
    loop.advance(Duration.ofSeconds(2).toNanos());
    assertThat(dialed).hasSize(2);
    assertThat(old.retired).isFalse();
    // One that fails to connect leaves the old one in use, and is followed by another.
    FakePooledConnection failed = dialed.get(1);
    failed.watch.onClosed(failed, "connection refused");
    assertThat(old.retired).isFalse();
    loop.advance(ConnectionPool.LONGEST_PAUSE.toNanos());
    dialed.get(2).open();
    assertThat(old.retired).isTrue();
    Call call = new Call();
    aged.find(call, loop.nanoTime());
    assertThat(call.connection).isSameAs(dialed.get(2));
  }

  private Call find() {
    Call call = new Call();
    cluster.find(call, loop.nanoTime());
    return call;
  }

  /** Gives the successor its list and the one connection that it asks for. */
  private FakePooledConnection connectSuccessor() {
    dialed.clear();
    successor.update(EndpointSet.of(B));
    assertThat(dialed).hasSize(1);
    return dialed.get(0).open();
  }

  /** Calls until this endpoint has been dialed, and opens it. */
  private FakePooledConnection connect(Endpoint endpoint) {
    String address = endpoint.address().toString();
    for (int i = 0; i < 4; i++) {
      for (FakePooledConnection connection : dialed) {
        if (connection.address.equals(address)) {
          connection.open();
          connection.calls = 0;
          return connection;
        }
      }
      find();
    }
    throw new AssertionError(address + " was not dialed");
  }

  private ThreadLocalCluster<FakePooledConnection> cluster(
      ClusterLbPolicy clusterLbPolicy, int maxConnections) {
    ClusterOptions options =
        ClusterOptions.DEFAULT.withBalance(clusterLbPolicy).withMaxConnections(maxConnections);
    return cluster(options);
  }

  private ThreadLocalCluster<FakePooledConnection> cluster(ClusterOptions options) {
    return new ThreadLocalCluster<>(
        Cluster.fixed("orders", EndpointSet.EMPTY, options),
        (endpoint, o, watch) -> {
          FakePooledConnection connection =
              new FakePooledConnection(endpoint.address().toString(), watch);
          dialed.add(connection);
          return connection;
        },
        loop);
  }
}
