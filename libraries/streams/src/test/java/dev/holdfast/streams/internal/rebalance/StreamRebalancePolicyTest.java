package dev.holdfast.streams.internal.rebalance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.internal.rebalance.SimulatedFleet.Instance;
import dev.holdfast.streams.internal.rebalance.SimulatedFleet.Placement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Fleets whose instances join, leave and are overloaded, under virtual time: about 200 of each
 * kind, or one for each 25 schedules of {@code -Dholdfast.schedules=N}.
 */
class StreamRebalancePolicyTest {
  private static final int SEEDS = Integer.getInteger("holdfast.schedules", 5_000) / 25;
  private static final int SETTLE_SECONDS = 30;
  private static final int QUIET_SECONDS = 600;

  @Test
  void aFleetIsBalancedSoonAfterAnInstanceHasJoined() {
    for (int seed = 0; seed <= SEEDS; seed++) {
      SimulatedFleet fleet = fleet(seed, 4, 500);
      fleet.seconds(20);
      assertThat(fleet.moved).as("seed %d", seed).isZero();
      fleet.join(1, 0);

      fleet.seconds(SETTLE_SECONDS);

      assertThat(fleet.imbalancePercent()).as("seed %d", seed).isLessThanOrEqualTo(5);
      assertThat(fleet.total()).isEqualTo(2_000);
      // 400 must move; each detour is one more.
      assertThat(fleet.moved).as("seed %d", seed).isBetween(380L, 600L);
    }
  }

  @Test
  void nothingMovesInABalancedFleet() {
    for (int seed = 0; seed <= SEEDS; seed++) {
      SimulatedFleet fleet = fleet(seed, 4, 500);
      fleet.seconds(20);
      fleet.join(1, 0);
      fleet.seconds(2 * SETTLE_SECONDS);
      long before = fleet.moved;

      fleet.seconds(QUIET_SECONDS);

      assertThat(fleet.moved - before).as("seed %d", seed).isLessThanOrEqualTo(20);
      assertThat(fleet.imbalancePercent()).as("seed %d", seed).isLessThanOrEqualTo(5);
    }
  }

  @Test
  void aFleetOfManyInstancesIsBalancedToo() {
    for (int seed = 0; seed <= SEEDS / 10; seed++) {
      SimulatedFleet fleet = fleet(seed, 50, 400);
      fleet.seconds(20);
      fleet.join(1, 0);
      fleet.join(2, 0);

      fleet.seconds(3 * SETTLE_SECONDS);

      assertThat(fleet.imbalancePercent()).as("seed %d", seed).isLessThanOrEqualTo(8);
      assertThat(fleet.moved).as("seed %d", seed).isLessThan(2_500);
    }
  }

  @Test
  void theStreamsOfAnInstanceThatLeavesAreSharedOut() {
    for (int seed = 0; seed <= SEEDS; seed++) {
      SimulatedFleet fleet = fleet(seed, 5, 400);
      fleet.seconds(20);
      fleet.leave(fleet.instances.get(seed % 5));

      fleet.seconds(SETTLE_SECONDS);

      assertThat(fleet.imbalancePercent()).as("seed %d", seed).isLessThanOrEqualTo(5);
      assertThat(fleet.moved).as("seed %d", seed).isLessThan(200);
    }
  }

  @Test
  void anInstanceThatGotTooManyStreamsGivesThemAway() {
    for (int seed = 0; seed <= SEEDS; seed++) {
      SimulatedFleet fleet = fleet(seed, 4, 400);
      fleet.seconds(60);
      fleet.instances.get(0).streams += 400;

      fleet.seconds(SETTLE_SECONDS);

      assertThat(fleet.imbalancePercent()).as("seed %d", seed).isLessThanOrEqualTo(5);
      assertThat(fleet.moved).as("seed %d", seed).isBetween(280L, 420L);
    }
  }

  @Test
  void eachInstanceHasAShareByItsWeight() {
    for (int seed = 0; seed <= SEEDS; seed++) {
      SimulatedFleet fleet = new SimulatedFleet(seed, Placement.BY_LOAD);
      fleet.join(1, 600);
      fleet.join(3, 600);

      fleet.seconds(2 * SETTLE_SECONDS);

      assertThat(fleet.instances.get(0).streams).as("seed %d", seed).isBetween(280L, 315L);
    }
  }

  @Test
  void anOverloadedInstanceGivesStreamsAwayAndGetsNoneBack() {
    for (int seed = 0; seed <= SEEDS; seed++) {
      SimulatedFleet fleet = fleet(seed, 4, 400);
      fleet.seconds(20);
      Instance weak = fleet.instances.get(0);
      weak.capacity = 300;

      fleet.seconds(2 * SETTLE_SECONDS);

      assertThat(weak.streams).as("seed %d", seed).isBetween(250L, 300L);
      long then = weak.streams;
      long before = fleet.moved;
      fleet.seconds((int) StreamRebalancePolicy.OVERLOAD_PAUSE.toSeconds() - 60);
      assertThat(weak.streams).as("seed %d", seed).isEqualTo(then);
      assertThat(fleet.moved - before).as("seed %d", seed).isLessThanOrEqualTo(20);
    }
  }

  @Test
  void anInstanceThatIsOverloadedAgainAndAgainIsTriedEverMoreSeldom() {
    for (int seed = 0; seed <= SEEDS / 10; seed++) {
      SimulatedFleet fleet = fleet(seed, 4, 400);
      fleet.instances.get(0).capacity = 300;
      fleet.seconds(3_600);
      long firstHour = fleet.moved;

      fleet.seconds(4 * 3_600);

      assertThat(fleet.moved - firstHour).as("seed %d", seed).isLessThan(2 * firstHour);
    }
  }

  @Test
  void clientsThatChooseAtRandomCauseEverFewerMoves() {
    for (int seed = 0; seed <= SEEDS / 4; seed++) {
      SimulatedFleet fleet = new SimulatedFleet(seed, Placement.AT_RANDOM);
      for (int i = 0; i < 10; i++) {
        fleet.join(1, 200);
      }
      fleet.seconds(20);
      fleet.join(1, 0);
      fleet.seconds(600);
      long early = fleet.moved;

      fleet.seconds(3_600);

      // A tenth had to move. What chance makes uneven moves on, once in ten minutes at most.
      assertThat(early).as("seed %d", seed).isLessThan(4_000);
      assertThat(fleet.moved - early).as("seed %d", seed).isLessThan(800);
    }
  }

  @Test
  void streamsThatStayThoughTheyAreAskedCauseNoOscillation() {
    for (int seed = 0; seed <= SEEDS; seed++) {
      SimulatedFleet fleet = fleet(seed, 4, 500);
      fleet.stayingPercent = 30;
      fleet.seconds(20);
      fleet.join(1, 0);
      fleet.seconds(2 * SETTLE_SECONDS);
      long moved = fleet.moved;
      long asked = fleet.asked;

      fleet.seconds(QUIET_SECONDS);

      assertThat(moved).as("seed %d", seed).isLessThanOrEqualTo(600);
      assertThat(fleet.moved - moved).as("seed %d", seed).isLessThanOrEqualTo(60);
      assertThat(fleet.asked - asked).as("seed %d", seed).isLessThanOrEqualTo(100);
      assertThat(fleet.imbalancePercent()).as("seed %d", seed).isLessThanOrEqualTo(5);
      assertThat(fleet.total()).isEqualTo(2_000);
    }
  }

  @Test
  void noInstanceMovesMoreThanItsRateAllows() {
    StreamRebalancePolicy policy = new StreamRebalancePolicy(new Random(1));
    long moved = 0;
    long streams = 1_000;
    List<InstanceLoad> others = List.of(new InstanceLoad("other", 1, 0L, false));
    for (int second = 0; second < 24; second++) {
      long now = policy.next(second * 1_000_000_000L, own(streams), others);
      assertThat(now).isLessThanOrEqualTo(30);
      moved += now;
      streams -= now;
    }
    assertThat(moved).isBetween(360L, 500L);
  }

  @Test
  void aListThatStandsStillCostsNoMoreThanTheSurplus() {
    StreamRebalancePolicy policy = new StreamRebalancePolicy(new Random(1));
    List<InstanceLoad> stale = List.of(new InstanceLoad("other", 1, 0L, false));
    List<Long> rounds = new ArrayList<>();
    // The other's number never changes, nor does its own: whoever moves comes back.
    for (int second = 0; second < 3_600; second++) {
      boolean idle = policy.remaining() == 0;
      long now = policy.next(second * 1_000_000_000L, own(100), stale);
      if (idle && now + policy.remaining() > 0) {
        rounds.add((long) second);
      }
    }
    // Each wait is twice as long as the one before, up to ten minutes.
    assertThat(rounds).hasSizeBetween(8, 14);
  }

  @Test
  void aRoundWaitsForStreamsThatCanMove() {
    StreamRebalancePolicy policy = new StreamRebalancePolicy(new Random(1));
    List<InstanceLoad> others = List.of(new InstanceLoad("other", 1, 0L, false));
    for (int second = 0; second < 60; second++) {
      long nowNanos = Duration.ofSeconds(second).toNanos();
      assertThat(policy.next(nowNanos, new StreamRebalancePolicy.Own(1, 100, 0, false), others))
          .isZero();
    }
    long moved = 0;
    for (int second = 60; second < 80; second++) {
      long nowNanos = Duration.ofSeconds(second).toNanos();
      moved +=
          policy.next(
              nowNanos, new StreamRebalancePolicy.Own(1, 100 - moved, 100 - moved, false), others);
    }
    assertThat(moved).as("3 a second, without a wait").isGreaterThanOrEqualTo(30);
  }

  @Test
  void withoutNumbersOfOthersNothingMoves() {
    StreamRebalancePolicy policy = new StreamRebalancePolicy(new Random(1));
    List<InstanceLoad> silent = List.of(new InstanceLoad("other", 1, null, false));
    for (int second = 0; second < 60; second++) {
      assertThat(policy.next(second * 1_000_000_000L, own(100), silent)).isZero();
      assertThat(policy.next(second * 1_000_000_000L, own(100), List.of())).isZero();
    }
  }

  @Test
  void whereAllAreOverloadedNothingMoves() {
    StreamRebalancePolicy policy = new StreamRebalancePolicy(new Random(1));
    List<InstanceLoad> others = List.of(new InstanceLoad("other", 1, 1L, true));
    for (int second = 0; second < 60; second++) {
      assertThat(
              policy.next(
                  Duration.ofSeconds(second).toNanos(),
                  new StreamRebalancePolicy.Own(1, 100, 100, true),
                  others))
          .isZero();
    }
  }

  private static StreamRebalancePolicy.Own own(long streams) {
    return new StreamRebalancePolicy.Own(1, streams, streams, false);
  }

  private static SimulatedFleet fleet(long seed, int instances, long streams) {
    SimulatedFleet fleet = new SimulatedFleet(seed, Placement.BY_LOAD);
    for (int i = 0; i < instances; i++) {
      fleet.join(1, streams);
    }
    return fleet;
  }
}
