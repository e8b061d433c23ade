package dev.holdfast.transcoding.http;

/**
 * Thrown when a response message can't be printed as JSON: malformed bytes, or an Any of unknown
 * type.
 */
public final class UnreadableResponseException extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * An error in the response of a method.
   *
   * @param problem the found and the expected value
   */
  public UnreadableResponseException(String method, String problem) {
    super("response of " + method + ": " + problem, null, false, false);
  }
}
