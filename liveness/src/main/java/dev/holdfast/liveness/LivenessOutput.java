package dev.holdfast.liveness;

/**
 * Something that the owner of a {@link LivenessMonitor} has to do; in this order when there are
 * several.
 */
enum LivenessOutput {
  /** Make the kernel send a keepalive probe now. */
  NUDGE(1),
  /** Send a PING. */
  PROBE(1 << 1),
  /** Read tcp_info and tell it by {@link LivenessMonitor#onKernel}. */
  READ_KERNEL(1 << 2),
  /** The connection proved itself. */
  PROVEN(1 << 3),
  /** It became suspect; {@link LivenessMonitor#why} says for what. */
  SUSPECT(1 << 4),
  /** Close it; {@link LivenessMonitor#why} says for what. */
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
