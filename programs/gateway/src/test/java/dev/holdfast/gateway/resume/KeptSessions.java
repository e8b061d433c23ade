package dev.holdfast.gateway.resume;

/** The streams that gateways of tests keep. */
public final class KeptSessions {
  private KeptSessions() {}

  /** Ends those that have no reader, so that a drain does not wait for their time. */
  public static void evict(ResumeSessions sessions) {
    sessions.evictAll();
  }
}
