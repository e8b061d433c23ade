package dev.holdfast.gateway.cluster;

/** One connection to an endpoint, as its pool sees it. Used on its event loop only. */
public interface Link {
  /** Whether another call fits now: the peer's SETTINGS came, it stays, and has streams left. */
  boolean hasRoom();

  /** Whether it must prove itself before it is given a call. */
  boolean isStale(long nowNanos);

  /** Asks for the proof; answered through {@link LinkWatch}. */
  void prove();

  /** Calls that are open on it. */
  int openCalls();

  /** The most calls that its peer lets it have at once. */
  int mostCalls();

  /** Whether it gets no new call any more, whatever happens. */
  boolean isLeaving();

  /** Gets no new call and closes with its last one. */
  void retire();
}
