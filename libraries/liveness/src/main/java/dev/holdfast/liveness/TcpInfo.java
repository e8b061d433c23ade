package dev.holdfast.liveness;

import java.time.Duration;

/**
 * The TCP state of a connection as the kernel reports it (tcp_info). It covers the next TCP hop
 * only: a proxy that terminates TCP acknowledges for a dead peer.
 *
 * @param unackedSegments segments sent and not yet acknowledged
 * @param retransmits consecutive retransmissions of the oldest unacknowledged segment
 * @param keepaliveProbes consecutive keepalive probes of the kernel without an answer
 * @param ackAgeNanos time since the last ACK, of data or of a keepalive probe
 * @param rttNanos smoothed round trip time; zero when it was never measured
 */
record TcpInfo(
    long unackedSegments, int retransmits, int keepaliveProbes, long ackAgeNanos, long rttNanos) {
  private static final int RETRANSMITS_OF_TROUBLE = 2;
  private static final int KEEPALIVE_PROBES_OF_TROUBLE = 2;
  private static final int ROUND_TRIPS_OF_TROUBLE = 4;

  /** When the kernel could not be read: an ACK is owed, and none was seen for long. */
  static final TcpInfo UNKNOWN = new TcpInfo(1, 0, 0, Duration.ofDays(365).toNanos(), 0);

  /**
   * Whether the next hop is silent though it was asked: one retransmission is everyday loss, two
   * without an ACK are about 0.6 s of nothing on a short path.
   */
  boolean isUnresponsive() {
    return keepaliveProbes >= KEEPALIVE_PROBES_OF_TROUBLE
        || (unackedSegments > 0
            && retransmits >= RETRANSMITS_OF_TROUBLE
            && ackAgeNanos >= ROUND_TRIPS_OF_TROUBLE * rttNanos);
  }

  /** Whether trouble may show soon: something was sent again, which is everyday loss so far. */
  boolean isRetransmitting() {
    return unackedSegments > 0 && retransmits > 0;
  }

  /** Whether the next hop owes an ACK. */
  boolean isAckPending() {
    return unackedSegments > 0 || keepaliveProbes > 0;
  }
}
