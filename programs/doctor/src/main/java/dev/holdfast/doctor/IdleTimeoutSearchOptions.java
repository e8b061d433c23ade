package dev.holdfast.doctor;

import java.time.Duration;

/**
 * The measures of a {@link IdleTimeoutSearch}.
 *
 * @param longest the longest idle time that is tried; 2 s to 24 h
 * @param answerWithin how long an answer may take before a connection counts as dead
 * @param openWithin how long a connection may take until it is ready
 * @param stagger between two openings, so that no server sees a burst, and so that a server which
 *     restarts is not taken for a timeout
 */
record IdleTimeoutSearchOptions(
    Duration longest, Duration answerWithin, Duration openWithin, Duration stagger) {
  static final Duration SHORTEST_LONGEST = Duration.ofSeconds(2);
  static final Duration LONGEST_LONGEST = Duration.ofHours(24);

  IdleTimeoutSearchOptions {
    if (longest.compareTo(SHORTEST_LONGEST) < 0 || longest.compareTo(LONGEST_LONGEST) > 0) {
      throw new IllegalArgumentException("longest: " + longest + " (expected: 2s to 24h)");
    }
  }
}
