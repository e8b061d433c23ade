package dev.holdfast.liveness;

import java.net.SocketAddress;

/** A live HTTP/2 connection under watch. Thread-safe. */
public interface WatchedConnection {

  /** The address of the peer, to which a replacement is pinned. */
  SocketAddress remoteAddress();

  /**
   * The arrival time of the last byte from the peer, on the base of {@link System#nanoTime()}.
   * Costs one opaque read.
   */
  long lastReadNanos();

  /**
   * Whether the connection must not be given a call before it proved itself: it is suspect, or was
   * silent for longer than {@link LivenessOptions#safeIdle()}, or the machine slept since the peer
   * was last heard. Cheap enough for every pick.
   *
   * @param nowNanos {@link System#nanoTime()}
   */
  boolean isStale(long nowNanos);

  /**
   * Asks for a liveness check now. Answered by {@link ConnectionObserver#onProven()}, {@link
   * ConnectionObserver#onSuspect} or {@link ConnectionObserver#onClosed}; idempotent while one is
   * under way. Asking a connection that is not stale is answered by {@code onProven} at once.
   */
  void checkLiveness();

  /**
   * What the kernel and the socket said of the end, for people; "" before the end, and where the
   * peer just closed. To be asked in {@link ConnectionObserver#onClosed}, on the event loop.
   */
  default String evidence() {
    return "";
  }

  /** Reports the state of this connection's replacement. */
  void replacement(ReplacementState state);
}
