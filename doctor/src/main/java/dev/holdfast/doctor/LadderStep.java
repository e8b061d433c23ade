package dev.holdfast.doctor;

/** What a {@link LadderPlan} wants done with one of its connections, its rungs. */
sealed interface LadderStep {
  /** The rung's number, from 1. */
  int rung();

  /** Open a connection, make one call on it, say that it is ready, and leave it alone. */
  record Open(int rung) implements LadderStep {}

  /** Make a call on it: its time has come. */
  record Probe(int rung) implements LadderStep {}

  /** It did not answer: see what else is known of it, then close it. */
  record Autopsy(int rung) implements LadderStep {}

  /** It has said what it could. */
  record Close(int rung) implements LadderStep {}
}
