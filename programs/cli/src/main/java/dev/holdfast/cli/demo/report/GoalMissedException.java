package dev.holdfast.cli.demo.report;

/** Signals that a step of the demo did not reach its goal. */
public final class GoalMissedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String goal;

  public GoalMissedException(String goal) {
    super(goal);
    this.goal = goal;
  }

  /** The goal that was not reached. */
  String goal() {
    return goal;
  }
}
