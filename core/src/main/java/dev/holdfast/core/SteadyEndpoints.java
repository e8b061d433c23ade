package dev.holdfast.core;

import java.time.Duration;

/** The failure policy between a raw watch and all consumers of a list of endpoints. */
@PureCore
public class SteadyEndpoints {

  /** What the machine makes of the registry's word. */
  public enum State {
    /** Nothing is known of the service yet. */
    UNKNOWN,
    /** The list in use is what the registry said last. */
    FOLLOWING,
    /** The registry can't be followed; the last good list stays in use. */
    STALE,
    /**
     * The registry's list lost more than half; the rest stays in use until a fresh read decides.
     */
    CONFIRMING,
    /** The registry's list is empty; the last good one stays in use for the grace time. */
    EMPTYING,
    /** The store lost its memory; what does not register again is dropped after the grace time. */
    WIPED
  }

  /**
   * The times of the policy.
   *
   * @param recordTtl how long a record outlives its owner; more than zero
   * @param grace for how long an empty list, or what a wiped store forgot, is not believed; three
   *     TTLs by default
   * @param confirmWithin how long one confirming read may take before another is begun beside it;
   *     500 ms by default
   * @param reads the delays between confirming reads that fail
   */
  public record Options(
      Duration recordTtl, Duration grace, Duration confirmWithin, Backoff.Options reads) {
    /** How long one confirming read may take before another is begun beside it. */
    public static final Duration CONFIRM_WITHIN = Duration.ofMillis(500);

    private static final int GRACE_TTLS = 3;

    public Options {
      requirePositive("recordTtl", recordTtl);
      requirePositive("grace", grace);
      requirePositive("confirmWithin", confirmWithin);
    }

    /** The defaults for records that live this long. */
    public static Options forTtl(Duration recordTtl) {
      return new Options(
          recordTtl, recordTtl.multipliedBy(GRACE_TTLS), CONFIRM_WITHIN, Backoff.Options.REGISTRY);
    }

    private static void requirePositive(String name, Duration value) {
      if (value.isZero() || value.isNegative()) {
        throw new IllegalArgumentException(name + ": " + value + " (expected: > 0)");
      }
    }
  }

  SteadyEndpoints() {}
}
