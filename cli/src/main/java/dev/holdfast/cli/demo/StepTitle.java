package dev.holdfast.cli.demo;

/**
 * Which step of a story it is.
 *
 * @param number 1 to {@code of}
 * @param of how many there are
 * @param text what is done
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
