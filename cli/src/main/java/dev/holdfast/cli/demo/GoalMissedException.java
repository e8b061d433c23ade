package dev.holdfast.cli.demo;

/** A step of the story did not come to what it should. */
final class GoalMissedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String goal;

  GoalMissedException(String goal) {
    super(goal);
    this.goal = goal;
  }

  /** What was missing. */
  String goal() {
    return goal;
  }
}
