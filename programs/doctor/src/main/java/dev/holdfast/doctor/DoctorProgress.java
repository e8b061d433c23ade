package dev.holdfast.doctor;

/**
 * A listener for the progress of an examination. Called on the examination's event loop, so
 * implementations must not block.
 */
public interface DoctorProgress {
  /** A listener that ignores all progress. */
  DoctorProgress NONE = new DoctorProgress() {};

  /** Reports a finding or the begin of a step, as a line for people. */
  default void onStep(String line) {}

  /** Reports the current status, about once a second; each line replaces the one before. */
  default void onStatus(String line) {}
}
