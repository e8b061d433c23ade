package dev.holdfast.doctor;

import java.util.Optional;

/**
 * The effect of PINGs on the path.
 *
 * @param counts whether a PING restarts the idle time; empty when unknown, or when the path has no
 *     idle timeout
 * @param whyUnknown why that is unknown; "" when it is known
 * @param punished whether the server ended a connection that sent PINGs; empty when not tried
 * @param sent how many PINGs that connection had sent
 * @param answered how many of them were answered
 * @param goAway the GOAWAY that the connection received
 */
public record PingResult(
    Optional<Boolean> counts,
    String whyUnknown,
    Optional<Boolean> punished,
    int sent,
    int answered,
    Optional<ReceivedGoAway> goAway) {
  static final PingResult UNKNOWN =
      new PingResult(Optional.empty(), "not tried", Optional.empty(), 0, 0, Optional.empty());

  PingResult withCounts(Optional<Boolean> newCounts, String why) {
    return new PingResult(newCounts, why, punished, sent, answered, goAway);
  }

  PingResult withPunished(
      boolean value, int newSent, int newAnswered, Optional<ReceivedGoAway> told) {
    return new PingResult(counts, whyUnknown, Optional.of(value), newSent, newAnswered, told);
  }
}
