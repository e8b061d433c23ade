package dev.holdfast.doctor;

/**
 * Something that an examination found.
 *
 * @param code which kind
 * @param measured what was measured, in a sentence
 * @param breaks what will break, in plain words; "" for nothing
 * @param remedy what to do; "" for nothing
 */
public record Finding(FindingCode code, String measured, String breaks, String remedy) {
  /** Whether something will break. */
  public boolean isProblem() {
    return code.severity() == FindingCode.Severity.PROBLEM;
  }
}
