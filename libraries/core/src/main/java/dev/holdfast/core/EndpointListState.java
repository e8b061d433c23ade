package dev.holdfast.core;

/** The state of a service's endpoint list, as judged by {@code LastKnownGoodEndpoints}. */
public enum EndpointListState {
  /** The state of the service is not known yet. */
  UNKNOWN(0),
  /** The list in use is the registry's latest. */
  FOLLOWING(1),
  /** The registry can't be followed; the last good list stays in use. */
  STALE(2),
  /** The registry's list lost more than half, which stays in use until a fresh read decides. */
  CONFIRMING(3),
  /** The registry's list is empty; the last good one stays in use for the grace time. */
  EMPTYING(4),
  /** The store lost its memory; what does not register again is dropped after the grace time. */
  WIPED(5);

  private final int code;

  EndpointListState(int code) {
    this.code = code;
  }

  /** The value of the meter that shows the state; it never changes its meaning. */
  public int code() {
    return code;
  }
}
