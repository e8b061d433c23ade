package dev.holdfast.control.resources;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The traffic split of a service: the share of calls of each subset. The remainder to 100% goes to
 * the instances that are in none of the named subsets.
 *
 * <p>The share of a subset without an instance that wants calls goes to the others in proportion.
 * When no subset has such an instance, calls go to all instances of the service.
 *
 * @param shares by subset, in the order in which they were written; at most 100% in all
 */
public record TrafficSplit(Map<String, Percent> shares) {
  /** Not divided: all calls go to all instances. */
  public static final TrafficSplit NONE = new TrafficSplit(Map.of());

  public TrafficSplit {
    int sum = shares.values().stream().mapToInt(Percent::hundredths).sum();
    if (sum > Percent.ALL.hundredths()) {
      throw new IllegalArgumentException(
          "split: " + percent(sum) + " in all (expected: at most 100%)");
    }
    shares = Collections.unmodifiableMap(new LinkedHashMap<>(shares));
  }

  /** All calls to one subset. */
  static TrafficSplit to(String subset) {
    return new TrafficSplit(Map.of(subset, Percent.ALL));
  }

  /** The share of the instances that are in none of the named subsets. */
  public Percent rest() {
    int sum = shares.values().stream().mapToInt(Percent::hundredths).sum();
    return new Percent(Percent.ALL.hundredths() - sum);
  }

  /** Whether there is no split: no subset has a share. */
  public boolean isNone() {
    return shares.isEmpty();
  }

  private static String percent(int hundredths) {
    return hundredths % 100 == 0
        ? hundredths / 100 + "%"
        : hundredths / 100 + "." + "%02d".formatted(hundredths % 100) + "%";
  }
}
