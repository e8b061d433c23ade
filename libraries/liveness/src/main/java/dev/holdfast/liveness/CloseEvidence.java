package dev.holdfast.liveness;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.IoErrorText;
import java.time.Duration;

/** The evidence for the end of a connection, as text for people: what kernel and socket said. */
final class CloseEvidence {
  private CloseEvidence() {}

  /**
   * What the kernel knows of a connection that this side gives up.
   *
   * @param silentNanos time since the last byte of the peer
   */
  static String ofKernel(TcpInfo info, long silentNanos) {
    String silent = "nothing read for " + text(silentNanos);
    if (info.equals(TcpInfo.UNKNOWN)) {
      return silent + "; kernel: not asked";
    }
    return ("%s; kernel: %d segments unacknowledged, sent again %d times, %d keepalive probes"
            + " unanswered, last ACK %s ago")
        .formatted(
            silent,
            info.unackedSegments(),
            info.retransmits(),
            info.keepaliveProbes(),
            text(info.ackAgeNanos()));
  }

  /** The error of a socket. */
  static String ofSocket(Throwable failure) {
    return "socket: " + IoErrorText.of(failure);
  }

  private static String text(long nanos) {
    return DurationText.format(Duration.ofMillis(Duration.ofNanos(nanos).toMillis()));
  }
}
