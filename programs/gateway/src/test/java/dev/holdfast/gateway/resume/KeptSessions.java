package dev.holdfast.gateway.resume;

/** The streams that gateways of tests keep. */
public final class KeptSessions {
  private KeptSessions() {}

  /** Ends those that have no reader, so that a drain does not wait for their time. */
  public static void evict(ResumeSessions sessions) {
    sessions.evictAll();
  }

  /** Takes all readers that may be passed on to earlier gateways. */
  public static void takeRelays(ResumeSessions sessions) {
    while (sessions.relays().take()) {
      // Counted.
    }
  }

  /** Lets one reader more be passed on. */
  public static void giveBackRelay(ResumeSessions sessions) {
    sessions.relays().giveBack();
  }
}
