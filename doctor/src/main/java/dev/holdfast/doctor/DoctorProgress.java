package dev.holdfast.doctor;

/** Hears how an examination goes. Called on its event loop, so it must not block. */
public interface DoctorProgress {
  /** Tells nobody. */
  DoctorProgress NONE = new DoctorProgress() {};

  /** Something was found or begins: a line for people. */
  default void onStep(String line) {}

  /** What is waited for now; about once a second, and it replaces the one before. */
  default void onStatus(String line) {}
}
