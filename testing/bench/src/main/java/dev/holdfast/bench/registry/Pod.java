package dev.holdfast.bench.registry;

import java.util.OptionalLong;

/**
 * An address of the fleet, listed in its Service or not, with the answers that its calls got.
 * Thread-safe.
 */
final class Pod {
  /** A moment that has not been. */
  private static final long NEVER = Long.MIN_VALUE;

  private final String address;
  private boolean listed;
  private long addedNanos = NEVER;
  private long removedNanos = NEVER;
  private long firstAnsweredNanos = NEVER;

  Pod(String address) {
    this.address = address;
  }

  String address() {
    return address;
  }

  /** Told just before it is put into its slice. */
  synchronized void added() {
    listed = true;
    addedNanos = System.nanoTime();
    firstAnsweredNanos = NEVER;
  }

  /**
   * Told just after its slice was put without it.
   *
   * @return when it was added
   */
  synchronized long removed() {
    listed = false;
    removedNanos = System.nanoTime();
    return addedNanos;
  }

  /**
   * The time from the pod's addition to the first answer of a call sent since; empty until then.
   */
  synchronized OptionalLong additionToAnswerNanos() {
    return firstAnsweredNanos == NEVER
        ? OptionalLong.empty()
        : OptionalLong.of(firstAnsweredNanos - addedNanos);
  }

  /**
   * A call was answered here.
   *
   * @return for how long it had been removed when the call was sent; 0 when it was listed or not
   *     yet removed
   */
  synchronized long answered(long sentNanos, long answeredNanos) {
    if (listed && sentNanos - addedNanos >= 0) {
      if (firstAnsweredNanos == NEVER) {
        firstAnsweredNanos = answeredNanos;
      }
      return 0;
    }
    return removedNanos == NEVER ? 0 : Math.max(0, sentNanos - removedNanos);
  }
}
