package dev.holdfast.lab.kubernetes;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The faults that an {@link ApiServer} injects into future requests. A fault begins with the next
 * request and ends after a number of them or when healed; requests that are being answered go on.
 * Thread-safe.
 */
public final class ApiFaults {
  private record Planned(ApiFault failure, int times) {}

  private static final int UNTIL_HEALED = Integer.MAX_VALUE;

  private final Map<ApiVerb, Planned> failures = new EnumMap<>(ApiVerb.class);
  private final Map<ApiVerb, Duration> delays = new EnumMap<>(ApiVerb.class);
  private int listBytesPerSecond;

  /** Every request of this verb fails like this. */
  public ApiFaults fail(ApiVerb verb, ApiFault failure) {
    return fail(verb, failure, UNTIL_HEALED);
  }

  /** The next requests of this verb fail like this. */
  public synchronized ApiFaults fail(ApiVerb verb, ApiFault failure, int times) {
    if (times < 1) {
      throw new IllegalArgumentException("times: " + times + " (expected: >= 1)");
    }
    failures.put(verb, new Planned(failure, times));
    return this;
  }

  /** Every request fails like this, whatever it asks for. */
  public ApiFaults failEverything(ApiFault failure) {
    for (ApiVerb verb : ApiVerb.values()) {
      fail(verb, failure);
    }
    return this;
  }

  /** Answers to this verb begin late. */
  public synchronized ApiFaults delay(ApiVerb verb, Duration delay) {
    delays.put(verb, delay);
    return this;
  }

  /** Lists are sent at this speed, ten pieces a second. */
  public synchronized ApiFaults slowLists(int bytesPerSecond) {
    if (bytesPerSecond < 10) {
      throw new IllegalArgumentException(
          "bytesPerSecond: " + bytesPerSecond + " (expected: >= 10)");
    }
    listBytesPerSecond = bytesPerSecond;
    return this;
  }

  /** Removes all faults at once. */
  public synchronized void heal() {
    failures.clear();
    delays.clear();
    listBytesPerSecond = 0;
  }

  synchronized @Nullable ApiFault next(ApiVerb verb) {
    Planned planned = failures.get(verb);
    if (planned == null) {
      return null;
    }
    if (planned.times == 1) {
      failures.remove(verb);
    } else if (planned.times != UNTIL_HEALED) {
      failures.put(verb, new Planned(planned.failure, planned.times - 1));
    }
    return planned.failure;
  }

  synchronized Duration delay(ApiVerb verb) {
    return delays.getOrDefault(verb, Duration.ZERO);
  }

  /** 0 for as fast as the socket takes it. */
  synchronized int listBytesPerSecond() {
    return listBytesPerSecond;
  }
}
