package dev.holdfast.liveness;

/** What the peer was asked since it last spoke, as an onlooker sees it. */
final class RehearsalAsked {
  private long readNanos;
  private long pingNanos = RehearsedWire.NEVER;
  private int pings;

  RehearsalAsked(long nowNanos) {
    readNanos = nowNanos;
  }

  void onRead(long nowNanos) {
    readNanos = nowNanos;
    pingNanos = RehearsedWire.NEVER;
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

  /** When the first PING since then was sent; {@link RehearsedWire#NEVER} without one. */
  long pingNanos() {
    return pingNanos;
  }

  /** PINGs since then. */
  int pings() {
    return pings;
  }
}
