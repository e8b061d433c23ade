package dev.holdfast.transcoding.http;

/** A message of an answer that JSON can't show: no message of its type, or an unknown Any in it. */
public final class UnreadableResponseException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Of a method, and what is wrong with it. */
  public UnreadableResponseException(String method, String problem) {
    super("response of " + method + ": " + problem, null, false, false);
  }
}
