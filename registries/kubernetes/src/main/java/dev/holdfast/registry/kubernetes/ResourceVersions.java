package dev.holdfast.registry.kubernetes;

import java.util.Comparator;

/**
 * The order of resourceVersions. For Kubernetes' own resources they are growing numbers (KEP-5504
 * made that a promise); for others, no order is defined.
 */
final class ResourceVersions {
  /** The older one first; texts that are no numbers before all numbers, equal among themselves. */
  static final Comparator<String> OLDER_FIRST = Comparator.comparingLong(ResourceVersions::number);

  private static final int LONG_DIGITS = 18;

  private ResourceVersions() {}

  private static long number(String version) {
    boolean digits =
        !version.isEmpty()
            && version.length() <= LONG_DIGITS
            && version.chars().allMatch(c -> c >= '0' && c <= '9');
    return digits ? Long.parseLong(version) : -1;
  }
}
