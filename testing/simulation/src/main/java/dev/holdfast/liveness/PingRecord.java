package dev.holdfast.liveness;

/**
 * An independent record of the PINGs sent since the peer's last bytes, to check a keepalive policy
 * against.
 */
final class PingRecord {
  private long readNanos;
  private long pingNanos = SimulatedTcpSender.NEVER;
  private int pings;

  PingRecord(long nowNanos) {
    readNanos = nowNanos;
  }

  void onRead(long nowNanos) {
    readNanos = nowNanos;
    pingNanos = SimulatedTcpSender.NEVER;
    pings = 0;
  }

  void onPing(long nowNanos) {
    if (pings == 0) {
      pingNanos = nowNanos;
    }
    pings++;
  }

  /** When the peer last spoke. */
  long readNanos() {
    return readNanos;
  }

  /** When the first PING since then was sent; {@link SimulatedTcpSender#NEVER} without one. */
  long pingNanos() {
    return pingNanos;
  }

  /** PINGs sent since the peer last spoke. */
  int pings() {
    return pings;
  }
}
