package dev.holdfast.registry.file;

import dev.holdfast.core.RegistryProvider.UriParameter;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.Tunable;
import dev.holdfast.core.TunableChoice;
import dev.holdfast.core.TunableDuration;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * The parameters of a {@code file:} URI, parsed.
 *
 * @param ttl how long a record outlives an owner that can't be looked up in the process table
 * @param poll interval between two scans of a directory whose changes are not reported
 * @param leased whether records have an owner and are removed when the owner is gone
 */
record FileOptions(Duration ttl, Duration poll, boolean leased) {
  private static final TunableDuration TTL =
      new TunableDuration(
          "ttl",
          Duration.ofSeconds(1),
          Duration.ofHours(1),
          Duration.ofSeconds(10),
          "How long a record outlives an owner in another container or on another machine.");
  private static final TunableDuration POLL =
      new TunableDuration(
          "poll",
          Duration.ofMillis(10),
          Duration.ofMinutes(1),
          Duration.ofMillis(250),
          "Pause between two scans of a directory whose changes are not reported, and between two"
              + " checks whether the owners live.");
  private static final TunableChoice LEASE =
      new TunableChoice(
          "lease",
          List.of("auto", "none"),
          "auto",
          "With none, records have no owner and stay until they are withdrawn.");

  static final List<UriParameter> PARAMETERS =
      Stream.of(TTL, POLL, LEASE).map(Tunable::uriParameter).toList();

  /** Reads the parameters, whose names have been checked. */
  static FileOptions of(RegistryUri uri) {
    return new FileOptions(
        TTL.parse(uri.parameter(TTL.key())),
        POLL.parse(uri.parameter(POLL.key())),
        LEASE.parse(uri.parameter(LEASE.key())).filter("none"::equals).isEmpty());
  }

  /**
   * For how long a missing registry directory is not made anew, so that one that was moved away can
   * be moved back; after that it is taken for deleted.
   */
  Duration missingDirectoryGrace() {
    return ttl.multipliedBy(3);
  }
}
