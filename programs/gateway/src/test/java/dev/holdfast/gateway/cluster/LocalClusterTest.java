package dev.holdfast.gateway.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LocalClusterTest {
  private static final Endpoint A = Endpoint.of("10.0.0.1:1");
  private static final Endpoint B = Endpoint.of("10.0.0.2:1");

  private final List<FakeLink> dialed = new ArrayList<>();
  private final VirtualLoop loop = new VirtualLoop();
  private final LocalCluster<FakeLink> cluster = cluster(Balance.ROUND_ROBIN, 3);
  private final LocalCluster<FakeLink> successor = cluster(Balance.ROUND_ROBIN, 3);

  /** A call and what became of its search. */
  private static final class Call implements Waiter<FakeLink> {
    @Nullable FakeLink link;
    String refusal = "";
    boolean over;

    @Override
    public void onLink(EndpointPool<FakeLink> pool, FakeLink found) {
      link = found;
      found.calls++;
    }

    @Override
    public void onNoLink(String endpoint, String why, boolean again) {
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
    assertThat(call.link).isNull();
    FakeLink link = dialed.get(0).open();
    assertThat(call.link).isSameAs(link);
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
      assertThat(find().link).isSameAs(dialed.get(0));
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
    FakeLink ofA = connect(A);
    FakeLink ofB = connect(B);
    cluster.update(EndpointSet.of(A.withDraining(true), B));
    assertThat(ofA.retired).isTrue();
    for (int i = 0; i < 5; i++) {
      assertThat(find().link).isSameAs(ofB);
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
  void staleConnectionGetsNoCallBeforeItProvedItself() {
    cluster.update(EndpointSet.of(A));
    FakeLink link = connect(A);
    link.stale = true;
    Call call = find();
    assertThat(call.link).isNull();
    assertThat(link.proofs).isPositive();
    assertThat(dialed).hasSize(1);
    link.stale = false;
    link.watch.onRoom(link);
    assertThat(call.link).isSameAs(link);
  }

  @Test
  void suspectConnectionIsRacedByAnother() {
    cluster.update(EndpointSet.of(A));
    FakeLink link = connect(A);
    link.stale = true;
    Call call = find();
    link.watch.onDoubt(link);
    assertThat(dialed).hasSize(2);
    FakeLink twin = dialed.get(1).open();
    assertThat(call.link).isSameAs(twin);
  }

  @Test
  void nextConnectionIsOpenedBeforeTheFirstIsFull() {
    cluster.update(EndpointSet.of(A));
    FakeLink link = connect(A);
    link.calls = 79;
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
      FakeLink opened = dialed.get(i).open();
      assertThat(call.link).isSameAs(opened);
      opened.calls = opened.most;
    }
    Call waits = find();
    assertThat(dialed).hasSize(3);
    assertThat(waits.link).isNull();
    FakeLink first = dialed.get(0);
    first.calls--;
    first.watch.onRoom(first);
    assertThat(waits.link).isSameAs(first);
  }

  @Test
  void failureToConnectIsToldAndRestsBeforeTheNextAttempt() {
    cluster.update(EndpointSet.of(A));
    Call call = find();
    FakeLink failed = dialed.get(0);
    failed.watch.onGone(failed, "connection refused");
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
    assertThat(gone.link).isNull();
    assertThat(waits.link).isNotNull();
  }

  @Test
  void waitingCallsAreBounded() {
    cluster.update(EndpointSet.of(A));
    for (int i = 0; i < EndpointPool.MAX_WAITING; i++) {
      assertThat(find().refusal).isEmpty();
    }
    assertThat(find().refusal).contains("wait for a connection already");
  }

  @Test
  void callsThatAreOverDoNotWait() {
    cluster.update(EndpointSet.of(A));
    for (int i = 0; i < EndpointPool.MAX_WAITING; i++) {
      find().over = true;
    }
    Call call = find();
    assertThat(call.refusal).isEmpty();
    dialed.get(0).open();
    assertThat(call.link).isNotNull();
  }

  @Test
  void callsThatWaitForTheListGoToTheSuccessor() {
    Call call = find();
    cluster.retire(() -> successor);
    assertThat(call.refusal).isEmpty();
    assertThat(connectSuccessor()).isSameAs(call.link);
  }

  @Test
  void callsThatWaitForAnyEndpointGoToTheSuccessor() {
    cluster.update(EndpointSet.of(A));
    Call call = find();
    cluster.retire(() -> successor);
    assertThat(call.refusal).isEmpty();
    assertThat(connectSuccessor()).isSameAs(call.link);
  }

  @Test
  void callsThatWaitForTheirOwnEndpointGoToTheSuccessor() {
    LocalCluster<FakeLink> ring = cluster(Balance.RING_HASH, 3);
    ring.update(EndpointSet.of(A));
    Call call = new Call();
    ring.find(call, loop.nanoTime());
    ring.retire(() -> successor);
    assertThat(call.refusal).isEmpty();
    assertThat(connectSuccessor()).isSameAs(call.link);
  }

  @Test
  void callsThatWaitAreRefusedWhenThereIsNoSuccessor() {
    Call call = find();
    cluster.retire(() -> cluster);
    assertThat(call.refusal).isEqualTo("none: cluster orders was removed");
  }

  @Test
  void callsThatAreOverDoNotWaitForTheList() {
    for (int i = 0; i < LocalCluster.MAX_WAITING_FOR_LIST; i++) {
      find().over = true;
    }
    assertThat(find().refusal).isEmpty();
  }

  @Test
  void wornConnectionServesUntilThereIsAnother() {
    cluster.update(EndpointSet.of(A));
    FakeLink old = connect(A);
    old.watch.onWorn(old);
    assertThat(dialed).hasSize(2);
    assertThat(find().link).isSameAs(old);
    FakeLink fresh = dialed.get(1).open();
    assertThat(old.retired).isTrue();
    assertThat(find().link).isSameAs(fresh);
  }

  @Test
  void wornConnectionsStayWhenThereMayBeNoOther() {
    LocalCluster<FakeLink> one = cluster(Balance.ROUND_ROBIN, 1);
    one.update(EndpointSet.of(A));
    one.find(new Call(), loop.nanoTime());
    FakeLink only = dialed.get(0).open();
    only.watch.onWorn(only);
    assertThat(dialed).hasSize(1);
    Call call = new Call();
    one.find(call, loop.nanoTime());
    assertThat(call.link).isSameAs(only);
  }

  @Test
  void ringWaitsForItsOwnEndpoint() {
    LocalCluster<FakeLink> ring = cluster(Balance.RING_HASH, 3);
    ring.update(EndpointSet.of(A, B));
    Call first = new Call();
    ring.find(first, 0);
    dialed.get(1).open();
    assertThat(first.link).isNull();
    FakeLink own = dialed.get(0).open();
    assertThat(first.link).isSameAs(own);
    own.stale = true;
    Call second = new Call();
    ring.find(second, 0);
    assertThat(second.link).isNull();
    assertThat(dialed).hasSize(2);
  }

  @Test
  void anotherConnectionTakesThePlaceOfAnOldOneBeforeItGoes() {
    ClusterOptions aging = ClusterOptions.DEFAULT.withConnectionAge(Duration.ofMinutes(10));
    LocalCluster<FakeLink> aged = cluster(aging);
    aged.update(EndpointSet.of(A));
    aged.find(new Call(), loop.nanoTime());
    FakeLink old = dialed.get(0).open();

    loop.advance(Duration.ofMinutes(9).minusSeconds(1).toNanos());
    assertThat(dialed).hasSize(1);
    loop.advance(Duration.ofSeconds(2).toNanos());
    assertThat(dialed).hasSize(2);
    assertThat(old.retired).isFalse();
    // One that fails to connect leaves the old one in use, and is followed by another.
    FakeLink failed = dialed.get(1);
    failed.watch.onGone(failed, "connection refused");
    assertThat(old.retired).isFalse();
    loop.advance(EndpointPool.LONGEST_PAUSE.toNanos());
    dialed.get(2).open();
    assertThat(old.retired).isTrue();
    Call call = new Call();
    aged.find(call, loop.nanoTime());
    assertThat(call.link).isSameAs(dialed.get(2));
  }

  private Call find() {
    Call call = new Call();
    cluster.find(call, loop.nanoTime());
    return call;
  }

  /** Gives the successor its list and the one connection that it asks for. */
  private FakeLink connectSuccessor() {
    dialed.clear();
    successor.update(EndpointSet.of(B));
    assertThat(dialed).hasSize(1);
    return dialed.get(0).open();
  }

  /** Calls until this endpoint has been dialed, and opens it. */
  private FakeLink connect(Endpoint endpoint) {
    String address = endpoint.address().toString();
    for (int i = 0; i < 4; i++) {
      for (FakeLink link : dialed) {
        if (link.address.equals(address)) {
          link.open();
          link.calls = 0;
          return link;
        }
      }
      find();
    }
    throw new AssertionError(address + " was not dialed");
  }

  private LocalCluster<FakeLink> cluster(Balance balance, int maxConnections) {
    ClusterOptions options =
        ClusterOptions.DEFAULT.withBalance(balance).withMaxConnections(maxConnections);
    return cluster(options);
  }

  private LocalCluster<FakeLink> cluster(ClusterOptions options) {
    return new LocalCluster<>(
        Cluster.fixed("orders", EndpointSet.EMPTY, options),
        (endpoint, o, watch) -> {
          FakeLink link = new FakeLink(endpoint.address().toString(), watch);
          dialed.add(link);
          return link;
        },
        loop);
  }
}
