package dev.holdfast.doctor;

/**
 * A finding of an examination.
 *
 * @param code which kind
 * @param measured what was measured, in a sentence
 * @param breaks what will break, in plain words; "" for nothing
 * @param remedy what to do; "" for nothing
 */
public record Finding(FindingCode code, String measured, String breaks, String remedy) {
  /** Whether the finding is a problem, as opposed to a note. */
  public boolean isProblem() {
    return code.severity() == FindingCode.Severity.PROBLEM;
  }
}
