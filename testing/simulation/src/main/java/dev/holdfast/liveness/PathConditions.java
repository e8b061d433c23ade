package dev.holdfast.liveness;

import java.time.Duration;

/**
 * The faults of a network path in a {@link KeepaliveSimulation}.
 *
 * @param roundTrip round trip time on a calm path
 * @param jitter added to each way, evenly from zero to this
 * @param calm how long the path works on average between two stalls
 * @param leastStall the shortest stall
 * @param mostStall the longest stall
 * @param loss of single packets, 0 to 1; each costs a retransmission
 */
public record PathConditions(
    Duration roundTrip,
    Duration jitter,
    Duration calm,
    Duration leastStall,
    Duration mostStall,
    double loss) {

  /** A data centre: fast, and hardly ever anything. */
  public static final PathConditions CALM =
      new PathConditions(
          Duration.ofMillis(1),
          Duration.ofMillis(1),
          Duration.ofDays(1),
          Duration.ofMillis(100),
          Duration.ofSeconds(1),
          0.000_1);

  /** A poor mobile network: a stall of 1 s to 20 s each minute, and lost packets in between. */
  public static final PathConditions MOBILE =
      new PathConditions(
          Duration.ofMillis(120),
          Duration.ofMillis(200),
          Duration.ofMinutes(1),
          Duration.ofSeconds(1),
          Duration.ofSeconds(20),
          0.03);

  public PathConditions {
    positive("roundTrip", roundTrip);
    positive("calm", calm);
    positive("leastStall", leastStall);
    if (jitter.isNegative()) {
      throw new IllegalArgumentException("jitter: " + jitter + " (expected: >= 0)");
    }
    if (mostStall.compareTo(leastStall) < 0) {
      throw new IllegalArgumentException(
          "mostStall: " + mostStall + " (expected: >= leastStall, " + leastStall + ")");
    }
    if (loss < 0 || loss >= 1) {
      throw new IllegalArgumentException("loss: " + loss + " (expected: 0 to below 1)");
    }
  }

  private static void positive(String name, Duration value) {
    if (value.isZero() || value.isNegative()) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: > 0)");
    }
  }
}
