package dev.holdfast.doctor;

import dev.holdfast.core.PathProfile;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The result of the search for a path's idle timeout.
 *
 * @param outcome the kind of path
 * @param aliveAt the longest idle time after which a connection still answered; zero when none did
 * @param deadAt the shortest idle time after which a connection was dead; empty when none was
 * @param ending how that connection was found dead; empty when none was
 * @param connections how many were opened
 * @param notOpened how many could not be opened
 * @param strays how many died at an age that others survived
 * @param took from the first connection to the result
 */
public record IdleTimeoutResult(
    IdleTimeoutOutcome outcome,
    Duration aliveAt,
    Optional<Duration> deadAt,
    Optional<DisconnectKind> ending,
    int connections,
    int notOpened,
    int strays,
    Duration took) {

  /** The behavior of a path toward idle connections. */
  public enum IdleTimeoutOutcome {
    /** Every connection answered after the longest time that was tried. */
    KEPT,
    /** Somewhere between {@code aliveAt} and {@code deadAt} a connection is forgotten. */
    FORGOTTEN,
    /** At {@code deadAt} a connection is ended, which both sides are told at once. */
    ENDED,
    /** Connections died, but not at any one age. */
    UNSTEADY,
    /** No connection could be brought to an age at which it could be asked. */
    UNKNOWN
  }

  /** Whether the path has an idle timeout. */
  public boolean hasTimeout() {
    return outcome == IdleTimeoutOutcome.FORGOTTEN || outcome == IdleTimeoutOutcome.ENDED;
  }

  /** Which known paths have such a timeout, as a sentence that goes on; "" for none. */
  String knownPaths() {
    Duration dead = deadAt.orElse(aliveAt);
    String names =
        Arrays.stream(PathProfile.values())
            .filter(
                profile ->
                    profile
                        .idleTimeout()
                        .filter(t -> t.compareTo(aliveAt) >= 0 && t.compareTo(dead) <= 0)
                        .isPresent())
            .map(PathProfile::description)
            .collect(Collectors.joining("; "));
    return names.isEmpty() ? "" : ". So do: " + names;
  }
}
