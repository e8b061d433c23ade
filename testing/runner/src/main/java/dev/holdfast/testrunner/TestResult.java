package dev.holdfast.testrunner;

/** How a test ended. */
enum TestResult {
  /** The test method returned. */
  PASSED,
  /** An assertion failed. */
  FAILED,
  /** The test, or the set-up of its class, threw another exception. */
  ERROR,
  /** The test is disabled, or an assumption of its does not hold here. */
  SKIPPED
}
