package dev.holdfast.streams.internal.rebalance;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The decision of one instance how many of its streams move to others.
 *
 * <p>Each instance compares its number of streams with its fair share, which is the mean of the
 * numbers that the instances publish, by weight. Above it by the threshold, or above it at all
 * while another one lacks as much, it begins a <em>round</em>: it asks streams to move, at a
 * bounded rate, until its surplus at the beginning of the round is gone. Then it waits until the
 * others have published what has come of it.
 *
 * <p>Three things keep streams from going to and fro. A round ends at the mean, and begins a
 * threshold above it. It moves no more than its first surplus, however late the numbers of others
 * are. Each further round of the same instances waits twice as long, unless all was balanced in
 * between.
 *
 * <p>An instance that says of itself that it is overloaded moves streams below the mean too, a
 * fifth of them in a round, and gets none: neither its streams nor its share count for the others,
 * for some time after the overload.
 *
 * <p>Time is monotonic and its own: clocks of instances are never compared. Not thread-safe.
 */
@PureCore
public final class StreamRebalancePolicy {
  /** A deviation from the fair share, in percent, from which on streams move. */
  static final int THRESHOLD_PERCENT = 4;

  @Limit(
      of = "time between two rounds of moving streams, doubled with each round",
      then = "the next round begins")
  static final Duration SETTLE = Duration.ofSeconds(4);

  @Limit(
      of = "time between two rounds after many rounds of the same instances",
      then = "the next round begins")
  static final Duration LONGEST_SETTLE = Duration.ofMinutes(10);

  /** The time after which a balanced list forgets earlier rounds. */
  static final Duration BALANCED = Duration.ofSeconds(10);

  @Limit(
      of = "time for which an instance gets no streams after an overload, doubled with each one",
      then = "it gets streams again")
  static final Duration OVERLOAD_PAUSE = Duration.ofMinutes(5);

  @Limit(
      of = "time for which an instance gets no streams after many overloads",
      then = "it gets streams again")
  static final Duration LONGEST_OVERLOAD_PAUSE = Duration.ofHours(1);

  /** A smaller deviation is left alone. */
  private static final long LEAST_DEVIATION = 2;

  private static final double PERCENT = 100;
  private static final long OVERLOAD_SHARE = 5;

  /**
   * The instance's own state.
   *
   * @param weight its share of streams; 1 or more
   * @param streams its streams, without those that were asked to move
   * @param movable the part of them that can be asked to move now
   * @param overloaded whether it says so of itself now
   */
  public record Own(int weight, long streams, long movable, boolean overloaded) {}

  /** The fair share of this instance by the list, and whether another instance lacks streams. */
  private record Balance(double share, boolean someLack) {}

  private final RandomGenerator random;
  private final MoveRate rate = new MoveRate();
  private Set<String> members = Set.of();
  private long budget;
  private @Nullable Long nextRoundNanos;
  private @Nullable Long balancedNanos;
  private int rounds;
  private @Nullable Long overloadEndsNanos;
  private int overloads;
  private boolean wasOverloaded;

  /**
   * @param random jitter of the times between rounds
   */
  public StreamRebalancePolicy(RandomGenerator random) {
    this.random = random;
  }

  /**
   * Decides how many streams are asked to move now. To be called about once a second.
   *
   * @param others the other instances that get new streams, as the list shows them now
   */
  public long next(long nowNanos, Own own, List<InstanceLoad> others) {
    onMembers(nowNanos, others);
    onOverload(nowNanos, own);
    if (others.stream().allMatch(InstanceLoad::overloaded)) {
      budget = 0;
      return 0;
    }
    Balance balance = own.overloaded ? null : balanceOf(own, others);
    if (budget > 0 && balance != null && own.streams <= balance.share) {
      endRound(nowNanos);
    }
    if (budget == 0) {
      budget = budgetOf(nowNanos, own, balance);
    }
    if (budget == 0) {
      return 0;
    }
    long moves = rate.take(nowNanos, own.streams, Math.min(budget, own.movable));
    budget -= moves;
    if (budget == 0) {
      endRound(nowNanos);
    }
    return moves;
  }

  /** Whether the instance is, or was of late, overloaded, so that others should send it nothing. */
  public boolean isOverloaded() {
    return overloadEndsNanos != null;
  }

  /** Streams that are still to move in this round. */
  public long remaining() {
    return budget;
  }

  private void onMembers(long nowNanos, List<InstanceLoad> others) {
    Set<String> now = new HashSet<>();
    others.forEach(other -> now.add(other.id()));
    if (!now.equals(members)) {
      members = now;
      rounds = 0;
      budget = 0;
      nextRoundNanos = nowNanos + jittered(SETTLE.dividedBy(2));
    }
  }

  private void onOverload(long nowNanos, Own own) {
    Long endsNanos = overloadEndsNanos;
    if (own.overloaded) {
      if (!wasOverloaded) {
        overloads = Math.min(overloads + 1, Long.SIZE);
      }
      overloadEndsNanos = nowNanos + doubled(OVERLOAD_PAUSE, LONGEST_OVERLOAD_PAUSE, overloads - 1);
    } else if (endsNanos != null && nowNanos - endsNanos >= 0) {
      overloadEndsNanos = null;
    }
    wasOverloaded = own.overloaded;
  }

  /** The streams to move in a round that may begin now; 0 for no round. */
  private long budgetOf(long nowNanos, Own own, @Nullable Balance balance) {
    long surplus;
    if (own.overloaded) {
      surplus = Math.max(own.streams > 1 ? 1 : 0, own.streams / OVERLOAD_SHARE);
    } else {
      surplus = balance == null ? 0 : surplusOf(own, balance);
    }
    if (surplus == 0) {
      if (balancedNanos == null) {
        balancedNanos = nowNanos;
      } else if (nowNanos - balancedNanos >= BALANCED.toNanos()) {
        rounds = 0;
      }
      return 0;
    }
    balancedNanos = null;
    if (own.movable == 0 || (nextRoundNanos != null && nowNanos - nextRoundNanos < 0)) {
      return 0;
    }
    return surplus;
  }

  private static long surplusOf(Own own, Balance balance) {
    double above = own.streams - balance.share;
    boolean much = above >= leastDeviation(balance.share);
    return much || balance.someLack ? Math.max(0, (long) Math.floor(above)) : 0;
  }

  /** Null when no other instance publishes its number. */
  private static @Nullable Balance balanceOf(Own own, List<InstanceLoad> others) {
    double streams = own.streams;
    double weights = own.weight;
    boolean known = false;
    for (InstanceLoad other : others) {
      Long published = other.streams();
      if (published != null && !other.overloaded()) {
        known = true;
        streams += published;
        weights += other.weight();
      }
    }
    if (!known) {
      return null;
    }
    double perWeight = streams / weights;
    boolean someLack = false;
    for (InstanceLoad other : others) {
      Long published = other.streams();
      if (published != null && !other.overloaded()) {
        double share = perWeight * other.weight();
        someLack |= share - published >= leastDeviation(share);
      }
    }
    return new Balance(perWeight * own.weight, someLack);
  }

  private static double leastDeviation(double share) {
    return Math.max(LEAST_DEVIATION, share * THRESHOLD_PERCENT / PERCENT);
  }

  private void endRound(long nowNanos) {
    budget = 0;
    long settleNanos = doubled(SETTLE, LONGEST_SETTLE, rounds);
    rounds = Math.min(rounds + 1, Long.SIZE);
    nextRoundNanos = nowNanos + jittered(Duration.ofNanos(settleNanos));
  }

  private static long doubled(Duration base, Duration most, int times) {
    Duration longer = base;
    for (int i = 0; i < times && longer.compareTo(most) < 0; i++) {
      longer = longer.multipliedBy(2);
    }
    return Math.min(longer.toNanos(), most.toNanos());
  }

  /** Between this and half as much again, so that instances do not act at the same time. */
  private long jittered(Duration duration) {
    return duration.toNanos() + random.nextLong(duration.toNanos() / 2 + 1);
  }
}
