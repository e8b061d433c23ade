package dev.holdfast.core.discovery;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.DurationText;
import dev.holdfast.core.annotation.Limit;
import java.time.Duration;

/**
 * The times of {@link LastKnownGoodEndpoints}.
 *
 * @param recordTtl how long a record outlives its owner; more than zero
 * @param grace for how long an empty list, or what a wiped store forgot, is not believed; three
 *     TTLs by default, and at least the window below
 * @param confirmWithin how long one confirming read may take before another is begun beside it; 500
 *     ms by default
 * @param reads the delays between confirming reads that fail
 * @param reRegistrationWindow for how long after an outage of two thirds of a TTL no loss is
 *     believed; one TTL and the longest delay between attempts by default, zero where records are
 *     never renewed
 */
public record LastKnownGoodOptions(
    Duration recordTtl,
    Duration grace,
    Duration confirmWithin,
    Backoff.BackoffOptions reads,
    Duration reRegistrationWindow) {
  @Limit(of = "time that one confirming read may take", then = "another is begun beside it")
  public static final Duration CONFIRM_WITHIN = Duration.ofMillis(500);

  private static final int GRACE_TTLS = 3;

  public LastKnownGoodOptions {
    DurationText.requirePositive("recordTtl", recordTtl);
    DurationText.requirePositive("grace", grace);
    DurationText.requirePositive("confirmWithin", confirmWithin);
  }

  /** The defaults for records that live this long. */
  public static LastKnownGoodOptions forTtl(Duration recordTtl) {
    Backoff.BackoffOptions retry = Backoff.BackoffOptions.REGISTRY;
    Duration window = recordTtl.plus(retry.cap());
    Duration graceTtls = recordTtl.multipliedBy(GRACE_TTLS);
    return new LastKnownGoodOptions(
        recordTtl,
        graceTtls.compareTo(window) < 0 ? window : graceTtls,
        CONFIRM_WITHIN,
        retry,
        window);
  }

  /** The same for records that nobody renews, so that an outage takes none away. */
  public LastKnownGoodOptions withoutReRegistrationWindow() {
    return new LastKnownGoodOptions(recordTtl, grace, confirmWithin, reads, Duration.ZERO);
  }
}
