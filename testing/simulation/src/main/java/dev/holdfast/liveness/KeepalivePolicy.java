package dev.holdfast.liveness;

/**
 * The keepalive policy of one connection in a {@link KeepaliveSimulation}: Holdfast's monitor, or
 * gRPC's stock keepalive.
 */
interface KeepalivePolicy {

  /** The actions that a policy can take on its connection. */
  interface KeepaliveActions {
    void ping();

    /** Makes the kernel send a TCP keepalive probe. */
    void probeTcpKeepalive();

    /** The TCP state that the kernel reports for the connection. */
    TcpInfo tcpInfo();

    /** Reports that the connection became suspect; a client then races a replacement. */
    void suspect();

    /** Reports that the peer answered, so that the connection is no longer suspect. */
    void proven();

    void close();
  }

  /**
   * Reports the arrival of bytes from the peer.
   *
   * @param callFrame whether HEADERS or DATA were among them
   */
  void onRead(long nowNanos, boolean callFrame);

  void onWritten(long nowNanos);

  /** The number of open streams changed to {@code calls}. */
  void onCalls(int calls);

  void onPingAnswered(long nowNanos, long roundTripNanos);

  void onReplacement(long nowNanos, ReplacementState state);

  void onTimeout(long nowNanos);

  long nextDeadlineNanos();

  /** Whether a call may be sent now; if not, a proof is asked for where that is possible. */
  boolean admitsCall(long nowNanos);
}
