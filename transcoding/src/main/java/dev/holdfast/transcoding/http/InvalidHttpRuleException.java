package dev.holdfast.transcoding.http;

/** A google.api.http annotation that does not fit its method, which the message names. */
public final class InvalidHttpRuleException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  InvalidHttpRuleException(String method, String problem) {
    super(method + ": " + problem);
  }
}
