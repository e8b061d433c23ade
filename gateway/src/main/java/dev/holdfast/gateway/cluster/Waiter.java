package dev.holdfast.gateway.cluster;

/** A call in search of a connection. Told exactly one of the two, possibly at once. */
public interface Waiter<L extends Link> {
  /** Take this one, now. */
  void onLink(EndpointPool<L> pool, L link);

  /**
   * There is none.
   *
   * @param endpoint which was tried, or "none"
   * @param again whether another endpoint may be tried
   */
  void onNoLink(String endpoint, String why, boolean again);

  /** Whether it wants no answer any more. */
  boolean isOver();

  /** What a ring hash goes by. */
  int hash();
}
