package dev.holdfast.cli.demo;

/**
 * The position and the title of a step.
 *
 * @param number 1 to {@code of}
 * @param of the number of steps
 * @param text the action of the step
 */
record StepTitle(int number, int of, String text) {

  /** As the lines of the story begin. */
  String line() {
    return "step " + number + "/" + of + " " + text;
  }

  /** For the picture of now. */
  String current() {
    return "step " + number + ": " + text;
  }
}
