package dev.holdfast.doctor;

import java.util.Optional;

/**
 * What PINGs do on the path.
 *
 * @param counts whether a PING starts the idle time anew; empty: not known, or nothing to start
 * @param whyUnknown why that is not known; "" when it is
 * @param punished whether the server ended a connection that sent PINGs; empty: not tried
 * @param sent how many PINGs that connection had sent
 * @param answered how many of them were answered
 * @param goAway what it was told
 */
public record PingResult(
    Optional<Boolean> counts,
    String whyUnknown,
    Optional<Boolean> punished,
    int sent,
    int answered,
    Optional<GoAway> goAway) {
  static final PingResult UNKNOWN =
      new PingResult(Optional.empty(), "not tried", Optional.empty(), 0, 0, Optional.empty());

  PingResult withCounts(Optional<Boolean> newCounts, String why) {
    return new PingResult(newCounts, why, punished, sent, answered, goAway);
  }

  PingResult withPunished(boolean value, int newSent, int newAnswered, Optional<GoAway> told) {
    return new PingResult(counts, whyUnknown, Optional.of(value), newSent, newAnswered, told);
  }
}
