package dev.holdfast.cli.demo.report;

/**
 * The position and the title of a step.
 *
 * @param number 1 to {@code of}
 * @param of the number of steps
 * @param text the action of the step
 */
public record StepTitle(int number, int of, String text) {

  /** The beginning of the step's lines of output. */
  String line() {
    return "step " + number + "/" + of + " " + text;
  }

  /** The short title for the live display. */
  public String current() {
    return "step " + number + ": " + text;
  }
}
