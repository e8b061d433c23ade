package dev.holdfast.registry.file;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.RegistryProvider.Parameter;
import dev.holdfast.core.RegistryUri;
import java.time.Duration;
import java.util.List;

/**
 * What the parameters of a {@code file:} URI say.
 *
 * @param ttl how long a record outlives an owner that can't be looked up in the process table
 * @param poll pause between two looks at a directory that reports no change
 * @param leased whether records have an owner and go away with it
 */
record FileOptions(Duration ttl, Duration poll, boolean leased) {
  private static final Duration MIN_TTL = Duration.ofSeconds(1);
  private static final Duration MAX_TTL = Duration.ofHours(1);
  private static final Duration MIN_POLL = Duration.ofMillis(10);
  private static final Duration MAX_POLL = Duration.ofMinutes(1);

  static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter(
              "ttl",
              "1s to 1h",
              "10s",
              "How long a record outlives an owner in another container or on another machine."),
          new Parameter(
              "poll",
              "10ms to 1m",
              "250ms",
              "Pause between two looks at a directory whose changes are not reported, and between"
                  + " two looks whether the owners live."),
          new Parameter(
              "lease",
              "auto or none",
              "auto",
              "With none, records have no owner and stay until they are withdrawn."));

  /** Reads the parameters, whose names have been checked. */
  static FileOptions of(RegistryUri uri) {
    String lease = uri.parameter("lease").orElse("auto");
    if (!lease.equals("auto") && !lease.equals("none")) {
      throw new IllegalArgumentException("lease: " + lease + " (expected: auto or none)");
    }
    return new FileOptions(
        DurationText.parse("ttl", uri.parameter("ttl").orElse("10s"), MIN_TTL, MAX_TTL),
        DurationText.parse("poll", uri.parameter("poll").orElse("250ms"), MIN_POLL, MAX_POLL),
        lease.equals("auto"));
  }

  /**
   * For how long a missing registry directory is not made anew, so that one that was moved away can
   * be moved back; after that it is taken for deleted.
   */
  Duration patienceForMissingDirectory() {
    return ttl.multipliedBy(3);
  }
}
