package dev.holdfast.testrunner;

/** Counts of tests, in surefire's terms: a failure is an assertion that failed. */
record TestCounts(int run, int failures, int errors, int skipped) {
  static final TestCounts NONE = new TestCounts(0, 0, 0, 0);

  TestCounts plus(TestCounts other) {
    return new TestCounts(
        run + other.run, failures + other.failures, errors + other.errors, skipped + other.skipped);
  }

  /** The sum with one more test. */
  TestCounts plus(TestResult result) {
    return switch (result) {
      case PASSED -> plus(new TestCounts(1, 0, 0, 0));
      case FAILED -> plus(new TestCounts(1, 1, 0, 0));
      case ERROR -> plus(new TestCounts(1, 0, 1, 0));
      case SKIPPED -> plus(new TestCounts(1, 0, 0, 1));
    };
  }

  /** The line that surefire prints. */
  @Override
  public String toString() {
    return "Tests run: %d, Failures: %d, Errors: %d, Skipped: %d"
        .formatted(run, failures, errors, skipped);
  }
}
