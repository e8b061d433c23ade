package dev.holdfast.doctor;

import java.time.Duration;
import java.util.Optional;

/**
 * What one connection of an examination went through.
 *
 * @param role what it was for
 * @param idle for how long nothing happened on it before it was asked or ended
 * @param ending how it was found dead; empty: it answered, or was not needed any more
 * @param goAway the GOAWAY it got
 * @param acknowledged where it stayed silent: whether the next TCP hop acknowledged the question
 * @param pingAnswered where it stayed silent: whether a PING was answered all the same
 * @param pingsFromPeer how many PINGs the other side sent while nothing else went on
 */
public record ConnectionEvidence(
    Role role,
    Duration idle,
    Optional<Ending> ending,
    Optional<GoAway> goAway,
    Optional<Boolean> acknowledged,
    Optional<Boolean> pingAnswered,
    int pingsFromPeer) {

  /** What a connection is for. */
  public enum Role {
    /** The first one, which learns what is there at all. */
    FIRST_CONTACT,
    /** Idle for a time of its own, then asked once. */
    LADDER,
    /** Holds a stream on which nothing happens. */
    STREAM,
    /** Sends a single PING in its idle time. */
    PING_COUNTS,
    /** Sends PINGs until the server complains; the only one that may be punished. */
    PING_PUNISHED
  }

  static ConnectionEvidence of(Role role, Duration idle, Wire wire, Optional<Ending> ending) {
    return new ConnectionEvidence(
        role,
        idle,
        ending,
        wire.goAway(),
        Optional.empty(),
        Optional.empty(),
        wire.pingsFromPeer());
  }

  ConnectionEvidence withAutopsy(Optional<Boolean> acked, boolean answered) {
    return new ConnectionEvidence(
        role, idle, ending, goAway, acked, Optional.of(answered), pingsFromPeer);
  }
}
