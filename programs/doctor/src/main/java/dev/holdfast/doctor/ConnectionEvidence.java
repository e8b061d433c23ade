package dev.holdfast.doctor;

import java.time.Duration;
import java.util.Optional;

/**
 * The observations on one connection of an examination.
 *
 * @param role the purpose of the connection
 * @param idle how long the connection was idle before it was probed or ended
 * @param ending how the connection was found dead; empty when it answered or was no longer needed
 * @param goAway the GOAWAY that the connection received, if any
 * @param acknowledged after silence: whether the next TCP hop acknowledged the request
 * @param pingAnswered after silence: whether a PING was answered nevertheless
 * @param pingsFromPeer how many PINGs the peer sent while the connection was idle
 */
public record ConnectionEvidence(
    ProbeConnectionRole role,
    Duration idle,
    Optional<DisconnectKind> ending,
    Optional<ReceivedGoAway> goAway,
    Optional<Boolean> acknowledged,
    Optional<Boolean> pingAnswered,
    int pingsFromPeer) {

  /** The purpose of a connection. */
  public enum ProbeConnectionRole {
    /** The first connection, which detects the protocol and the peer. */
    FIRST_CONTACT,
    /** Idle for a time of its own, then asked once. */
    IDLE_SEARCH,
    /** Holds a stream on which nothing happens. */
    STREAM,
    /** Sends a single PING in its idle time. */
    PING_COUNTS,
    /** Sends PINGs until the server complains; the only one that may be punished. */
    PING_PUNISHED
  }

  static ConnectionEvidence of(
      ProbeConnectionRole probeConnectionRole,
      Duration idle,
      ProbeConnection probeConnection,
      Optional<DisconnectKind> disconnectKind) {
    return new ConnectionEvidence(
        probeConnectionRole,
        idle,
        disconnectKind,
        probeConnection.receivedGoAway(),
        Optional.empty(),
        Optional.empty(),
        probeConnection.pingsFromPeer());
  }

  ConnectionEvidence withDeadConnectionChecks(Optional<Boolean> acked, boolean answered) {
    return new ConnectionEvidence(
        role, idle, ending, goAway, acked, Optional.of(answered), pingsFromPeer);
  }
}
