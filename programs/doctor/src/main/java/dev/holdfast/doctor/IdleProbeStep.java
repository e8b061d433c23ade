package dev.holdfast.doctor;

/** An instruction of a {@link IdleTimeoutSearch} for one of its connections. */
sealed interface IdleProbeStep {
  /** The number of the probe, from 1. */
  int probe();

  /** Open a connection, make one call on it, report that it is ready, and leave it idle. */
  record OpenProbe(int probe) implements IdleProbeStep {}

  /** Make a call on the connection, which has reached its age. */
  record SendProbe(int probe) implements IdleProbeStep {}

  /** Examine a connection that did not answer, then close it. */
  record ExamineDead(int probe) implements IdleProbeStep {}

  /** Close a connection that is no longer needed. */
  record CloseProbe(int probe) implements IdleProbeStep {}
}
