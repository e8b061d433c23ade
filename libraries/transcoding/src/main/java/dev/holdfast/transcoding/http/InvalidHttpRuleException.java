package dev.holdfast.transcoding.http;

/** A google.api.http annotation that does not fit its method, which the message names. */
final class InvalidHttpRuleException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String problem;

  InvalidHttpRuleException(String method, String problem) {
    super(method + ": " + problem);
    this.problem = problem;
  }

  /** The message without the method. */
  String problem() {
    return problem;
  }
}
