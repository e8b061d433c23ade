package dev.holdfast.doctor;

/** An instruction of a {@link LadderPlan} for one of its connections, its rungs. */
sealed interface LadderStep {
  /** The rung's number, from 1. */
  int rung();

  /** Open a connection, make one call on it, report that it is ready, and leave it idle. */
  record Open(int rung) implements LadderStep {}

  /** Make a call on the connection, which has reached its age. */
  record Probe(int rung) implements LadderStep {}

  /** Examine a connection that did not answer, then close it. */
  record Autopsy(int rung) implements LadderStep {}

  /** Close a connection that is no longer needed. */
  record Close(int rung) implements LadderStep {}
}
