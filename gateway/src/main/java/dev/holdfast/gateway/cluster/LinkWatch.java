package dev.holdfast.gateway.cluster;

/** Hears what becomes of a link, on the link's event loop. */
public interface LinkWatch<L extends Link> {
  /** It can take calls: the peer's SETTINGS came, a call ended, or it proved itself. */
  void onRoom(L link);

  /** It takes no new calls for now or ever, and those on it stay: suspect, or told to leave. */
  void onDoubt(L link);

  /** It should be replaced: it takes calls until another is there, and then no more. */
  void onWorn(L link);

  /** As above, at once: it takes no new calls if there may be another one in its place. */
  void onSpent(L link);

  /** It is gone, or never came to be. */
  void onGone(L link, String why);
}
