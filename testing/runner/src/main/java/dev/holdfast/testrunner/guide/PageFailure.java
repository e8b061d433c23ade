package dev.holdfast.testrunner.guide;

/** The failure of a page at one of its lines: a command or its output is not as written. */
final class PageFailure extends Exception {
  private static final long serialVersionUID = 1;

  private final int line;

  PageFailure(int line, String message) {
    super(message);
    this.line = line;
  }

  int line() {
    return line;
  }
}
