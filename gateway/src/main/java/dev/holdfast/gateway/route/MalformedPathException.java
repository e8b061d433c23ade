package dev.holdfast.gateway.route;

/** A request path without a normal form, with the reason. Caused by the client: no stack trace. */
public final class MalformedPathException extends Exception {
  private static final long serialVersionUID = 1L;

  MalformedPathException(String found, String expected) {
    super("path: " + found + " (expected: " + expected + ")", null, false, false);
  }

  /** The message; never null. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
