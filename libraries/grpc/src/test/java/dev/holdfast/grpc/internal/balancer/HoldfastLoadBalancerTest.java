package dev.holdfast.grpc.internal.balancer;

import static io.grpc.ConnectivityState.CONNECTING;
import static io.grpc.ConnectivityState.IDLE;
import static io.grpc.ConnectivityState.READY;
import static io.grpc.ConnectivityState.TRANSIENT_FAILURE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import dev.holdfast.grpc.FakeChannel;
import dev.holdfast.grpc.FakeChannel.FakeSubchannel;
import io.grpc.CallOptions;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HoldfastLoadBalancerTest {
  private static final String A = "10.0.0.1:1";
  private static final String B = "10.0.0.2:1";
  private static final String C = "10.0.0.3:1";
  private static final HoldfastLoadBalancerConfig STEADY =
      HoldfastLoadBalancerConfig.DEFAULT.withSlowStart(Duration.ZERO);

  private final FakeChannel channel = new FakeChannel();
  private final HoldfastLoadBalancer policy =
      new HoldfastLoadBalancer(channel, () -> channel.time.clock().nanoTime());

  @Test
  void everyEndpointIsConnectedAtOnceAndGetsItsTurn() {
    channel.resolve(policy, STEADY, endpoint(A), endpoint(B), endpoint(C));
    assertThat(channel.subchannels).allMatch(s -> s.connectionRequests == 1);
    assertThat(channel.state).isEqualTo(CONNECTING);
    channel.ready(A, B, C);
    assertThat(channel.state).isEqualTo(READY);
    assertThat(channel.pick(300)).isEqualTo(Map.of(A, 100, B, 100, C, 100));
  }

  @Test
  void weightsDecideTheShares() {
    channel.resolve(policy, STEADY, endpoint(A).withWeight(1), endpoint(B).withWeight(3));
    channel.ready(A, B);
    assertThat(channel.pick(400)).isEqualTo(Map.of(A, 100, B, 300));
  }

  @Test
  void aChangedWeightMovesTrafficAndKeepsTheConnection() {
    channel.resolve(policy, STEADY, endpoint(A), endpoint(B));
    channel.ready(A, B);
    channel.resolve(policy, STEADY, endpoint(A).withWeight(3), endpoint(B));
    assertThat(channel.pick(400)).isEqualTo(Map.of(A, 300, B, 100));
    assertThat(channel.subchannels).hasSize(2);
  }

  @Test
  void aNewEndpointIsReachedByTheNextCallAndStallsNobodyBefore() {
    channel.resolve(policy, HoldfastLoadBalancerConfig.DEFAULT, endpoint(A), endpoint(B));
    channel.ready(A, B);
    channel.resolve(
        policy, HoldfastLoadBalancerConfig.DEFAULT, endpoint(A), endpoint(B), endpoint(C));
    assertThat(channel.to(C).connectionRequests).isEqualTo(1);
    assertThat(channel.pick(100)).isEqualTo(Map.of(A, 50, B, 50));
    channel.ready(C);
    assertThat(channel.order(1)).containsExactly(C);
  }

  @Test
  void aNewEndpointIsReachedNextAlsoWhenAnotherOneComesBeforeACall() {
    channel.resolve(policy, HoldfastLoadBalancerConfig.DEFAULT, endpoint(A));
    channel.ready(A);
    assertThat(channel.order(1)).containsExactly(A);
    channel.resolve(policy, HoldfastLoadBalancerConfig.DEFAULT, endpoint(A), endpoint(B));
    channel.ready(B);
    channel.resolve(
        policy, HoldfastLoadBalancerConfig.DEFAULT, endpoint(A), endpoint(B), endpoint(C));
    channel.ready(C);
    assertThat(channel.order(2)).containsExactlyInAnyOrder(B, C);
  }

  @Test
  void aNewEndpointGrowsIntoItsShareAndTheFirstListDoesNot() {
    HoldfastLoadBalancerConfig options =
        HoldfastLoadBalancerConfig.DEFAULT.withSlowStart(Duration.ofSeconds(10));
    channel.resolve(policy, options, endpoint(A));
    channel.ready(A);
    channel.resolve(policy, options, endpoint(A), endpoint(B));
    channel.ready(B);
    assertThat(channel.pick(1100).get(B)).isBetween(98, 102);
    channel.time.advance(Duration.ofSeconds(5));
    assertThat(channel.pick(3000).get(B)).isBetween(980, 1020);
    channel.time.advance(Duration.ofSeconds(5));
    assertThat(channel.pick(1000)).isEqualTo(Map.of(A, 500, B, 500));
    assertThat(channel.time.pending()).as("no timer goes on after the ramp").isZero();
  }

  @Test
  void callsStayInTheirZoneWhileItSufficesAndSpillInProportion() {
    HoldfastLoadBalancerConfig zoned = STEADY.withZone("a");
    String[] own = {"10.0.1.1:1", "10.0.1.2:1", "10.0.1.3:1", "10.0.1.4:1"};
    Endpoint[] all = new Endpoint[6];
    for (int i = 0; i < 4; i++) {
      all[i] = endpoint(own[i]).withZone("a");
    }
    all[4] = endpoint(B).withZone("b");
    all[5] = endpoint(C).withZone("b").withWeight(2);
    channel.resolve(policy, zoned, all);
    channel.ready(own);
    channel.ready(B, C);
    assertThat(channel.pick(400)).containsOnlyKeys(own);
    channel.to(own[0]).become(TRANSIENT_FAILURE);
    assertThat(channel.pick(300)).as("3 of 4 suffice").containsOnlyKeys(own[1], own[2], own[3]);
    channel.to(own[1]).become(TRANSIENT_FAILURE);
    Map<String, Integer> spilled = channel.pick(1000);
    assertThat(spilled.get(own[2])).as("1.4 x 2/4 of it over two").isBetween(340, 360);
    assertThat(spilled.get(B)).isBetween(90, 110);
    assertThat(spilled.get(C)).isBetween(185, 215);
    channel.to(own[2]).become(TRANSIENT_FAILURE);
    channel.to(own[3]).become(TRANSIENT_FAILURE);
    assertThat(channel.pick(300)).isEqualTo(Map.of(B, 100, C, 200));
  }

  @Test
  void scalingUpTheOwnZoneIsNotMistakenForALoss() {
    HoldfastLoadBalancerConfig zoned = STEADY.withZone("a");
    Endpoint near = endpoint(A).withZone("a");
    Endpoint far = endpoint(B).withZone("b");
    channel.resolve(policy, zoned, near, far);
    channel.ready(A, B);
    channel.resolve(policy, zoned, near, far, endpoint(C).withZone("a"));
    assertThat(channel.pick(100)).isEqualTo(Map.of(A, 100));
  }

  @Test
  void resolverTroubleAndANewOrderChangeNothing() {
    channel.resolve(policy, STEADY, endpoint(A), endpoint(B));
    channel.ready(A, B);
    int published = channel.pickersPublished;
    channel.fail(policy, Status.UNAVAILABLE.withDescription("registry away"));
    channel.resolve(policy, STEADY, endpoint(B), endpoint(A));
    assertThat(channel.subchannels).hasSize(2).noneMatch(s -> s.shutdown);
    assertThat(channel.pickersPublished).isBetween(published, published + 1);
    assertThat(channel.pick(100)).isEqualTo(Map.of(A, 50, B, 50));
  }

  @Test
  void anErrorBeforeAnyListReachesTheCalls() {
    channel.fail(policy, Status.UNAVAILABLE.withDescription("HF-201 nothing known"));
    assertThat(channel.state).isEqualTo(TRANSIENT_FAILURE);
    assertThat(channel.pick(CallOptions.DEFAULT).getStatus().getDescription()).contains("HF-201");
  }

  @Test
  void anEmptyListKeepsWhatWorksAndSaysClearlyWhenNothingDoes() {
    channel.resolve(policy, STEADY, endpoint(A), endpoint(B));
    channel.ready(A);
    channel.resolve(policy, STEADY);
    assertThat(channel.to(A).shutdown).isFalse();
    assertThat(channel.to(B).shutdown).isTrue();
    assertThat(channel.pick(10)).isEqualTo(Map.of(A, 10));
    int requests = channel.to(A).connectionRequests;
    channel.to(A).become(IDLE);
    assertThat(channel.to(A).connectionRequests).as("not restored").isEqualTo(requests);
    assertThat(channel.pick(CallOptions.DEFAULT).getStatus().getDescription())
        .contains("HF-202")
        .contains("memory:///words");
    channel.resolve(policy, STEADY, endpoint(A));
    channel.ready(A);
    assertThat(channel.pick(10)).isEqualTo(Map.of(A, 10));
  }

  @Test
  void anEmptyFirstListFailsCallsWithTheServiceInTheText() {
    channel.resolve(policy, STEADY);
    assertThat(channel.state).isEqualTo(TRANSIENT_FAILURE);
    assertThat(channel.pick(CallOptions.DEFAULT).getStatus().getDescription()).contains("HF-202");
  }

  @Test
  void aDrainingEndpointIsUsedOnlyWhileNothingElseWorks() {
    channel.resolve(policy, STEADY, endpoint(A));
    channel.ready(A);
    Endpoint leaving = endpoint(A).withDraining(true);
    channel.resolve(policy, STEADY, List.of(leaving), endpoint(B));
    assertThat(channel.pick(10)).as("B is not ready yet").isEqualTo(Map.of(A, 10));
    channel.ready(B);
    assertThat(channel.pick(10)).isEqualTo(Map.of(B, 10));
    assertThat(channel.to(A).shutdown).isFalse();
    channel.to(B).become(TRANSIENT_FAILURE);
    assertThat(channel.pick(10)).isEqualTo(Map.of(A, 10));
    channel.resolve(policy, STEADY, endpoint(B));
    assertThat(channel.to(A).shutdown).isTrue();
  }

  @Test
  void aDrainingEndpointThatWasNotConnectedIsNotConnectedNow() {
    channel.resolve(policy, STEADY, List.of(endpoint(B).withDraining(true)), endpoint(A));
    assertThat(channel.subchannels).hasSize(1);
  }

  @Test
  void aDrainIsTakenBackWithoutANewConnection() {
    channel.resolve(policy, STEADY, endpoint(A), endpoint(B));
    channel.ready(A, B);
    channel.resolve(policy, STEADY, List.of(endpoint(A).withDraining(true)), endpoint(B));
    channel.resolve(policy, STEADY, endpoint(A), endpoint(B));
    assertThat(channel.subchannels).hasSize(2);
    assertThat(channel.pick(10)).isEqualTo(Map.of(A, 5, B, 5));
  }

  @Test
  void aReserveThatLostItsConnectionIsConnectedWhenItComesBack() {
    channel.resolve(policy, STEADY, endpoint(A), endpoint(B));
    channel.ready(A, B);
    channel.resolve(policy, STEADY, List.of(endpoint(A).withDraining(true)), endpoint(B));
    FakeSubchannel reserve = channel.to(A);
    int requests = reserve.connectionRequests;
    reserve.become(IDLE);
    assertThat(reserve.connectionRequests).isEqualTo(requests);
    channel.resolve(policy, STEADY, endpoint(A), endpoint(B));
    assertThat(channel.to(A).connectionRequests).isGreaterThan(requests);
  }

  @Test
  void anInstanceThatRestartedOnItsAddressIsConnectedAfresh() {
    channel.resolve(policy, STEADY, endpoint(A).withInstance("1"), endpoint(B));
    channel.ready(A, B);
    FakeSubchannel old = channel.to(A);
    old.become(TRANSIENT_FAILURE);
    channel.resolve(policy, STEADY, endpoint(A).withInstance("2"), endpoint(B));
    assertThat(old.shutdown).isTrue();
    assertThat(channel.to(A)).isNotSameAs(old);
    assertThat(channel.to(A).connectionRequests).isEqualTo(1);
  }

  @Test
  void aRemovedEndpointGetsNoMoreCalls() {
    channel.resolve(policy, STEADY, endpoint(A), endpoint(B));
    channel.ready(A, B);
    channel.resolve(policy, STEADY, endpoint(B));
    assertThat(channel.to(A).shutdown).isTrue();
    assertThat(channel.pick(10)).isEqualTo(Map.of(B, 10));
  }

  @Test
  void aBrokenConnectionIsRestoredAndItsShareGoesToTheOthers() {
    channel.resolve(policy, STEADY, endpoint(A), endpoint(B));
    channel.ready(A, B);
    int requests = channel.to(A).connectionRequests;
    channel.to(A).become(IDLE);
    assertThat(channel.to(A).connectionRequests).isEqualTo(requests + 1);
    assertThat(channel.pick(10)).isEqualTo(Map.of(B, 10));
  }

  @Test
  void callsFailWithTheErrorOfTheEndpointsWhenAllOfThemDo() {
    channel.resolve(policy, STEADY, endpoint(A), endpoint(B));
    channel.to(A).become(TRANSIENT_FAILURE);
    assertThat(channel.state).isEqualTo(CONNECTING);
    channel.to(B).become(TRANSIENT_FAILURE);
    assertThat(channel.state).isEqualTo(TRANSIENT_FAILURE);
    assertThat(channel.pick(2)).isEqualTo(Map.of("UNAVAILABLE", 2));
  }

  @Test
  void aRepeatedCallAvoidsTheEndpointThatFailedIt() {
    channel.resolve(policy, STEADY, endpoint(A), endpoint(B));
    channel.ready(A, B);
    CallOptions options =
        CallOptions.DEFAULT.withOption(
            SchedulePicker.AVOIDED, FakeChannel.address(endpoint(A).address()));
    for (int i = 0; i < 10; i++) {
      assertThat(FakeChannel.name(channel.pick(options))).isEqualTo(B);
    }
  }

  @Test
  void aRepeatedCallGoesBackWhenThereIsNowhereElse() {
    channel.resolve(policy, STEADY, endpoint(A));
    channel.ready(A);
    CallOptions options =
        CallOptions.DEFAULT.withOption(
            SchedulePicker.AVOIDED, FakeChannel.address(endpoint(A).address()));
    assertThat(FakeChannel.name(channel.pick(options))).isEqualTo(A);
  }

  private static Endpoint endpoint(String address) {
    return Endpoint.of(address);
  }
}
