package dev.holdfast.cli.demo;

/** Signals that a step of the demo did not reach its goal. */
final class GoalMissedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String goal;

  GoalMissedException(String goal) {
    super(goal);
    this.goal = goal;
  }

  /** The goal that was not reached. */
  String goal() {
    return goal;
  }
}
