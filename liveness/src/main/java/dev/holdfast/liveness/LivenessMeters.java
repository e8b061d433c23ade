package dev.holdfast.liveness;

/** Counts what happens to the connections of one client or server. Thread-safe. */
public final class LivenessMeters {
  /** Counts nothing. */
  public static final LivenessMeters NONE = new LivenessMeters();

  private LivenessMeters() {}
}
