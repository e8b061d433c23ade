package dev.holdfast.liveness;

/**
 * An action that the owner of a {@link LivenessMonitor} has to take. Several are taken in this
 * order.
 */
enum LivenessOutput {
  /** Make the kernel send a keepalive probe now. */
  TCP_KEEPALIVE_PROBE(1),
  PROBE(1 << 1),
  /** Read tcp_info and report it through {@link LivenessMonitor#onTcpInfo}. */
  READ_TCP_INFO(1 << 2),
  /** Announce that the connection is proven. */
  PROVEN(1 << 3),
  /** Mark the connection as suspect, for the reason {@link LivenessMonitor#closeReason}. */
  SUSPECT(1 << 4),
  /** Close the connection, for the reason {@link LivenessMonitor#closeReason}. */
  CLOSE(1 << 5);

  private static final LivenessOutput[] ALL = values();

  private final int bit;

  LivenessOutput(int bit) {
    this.bit = bit;
  }

  /** All that is pending fits in a number: a queue per idle connection would cost more. */
  int bit() {
    return bit;
  }

  /** The first of those in a number that is not zero. */
  static LivenessOutput first(int bits) {
    return ALL[Integer.numberOfTrailingZeros(bits)];
  }
}
