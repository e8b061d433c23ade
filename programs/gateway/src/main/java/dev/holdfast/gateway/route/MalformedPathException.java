package dev.holdfast.gateway.route;

/**
 * A request path that has no normal form, with the reason. The client causes it, so it has no stack
 * trace.
 */
public final class MalformedPathException extends Exception {
  private static final long serialVersionUID = 1L;

  MalformedPathException(String found, String expected) {
    super("path: " + found + " (expected: " + expected + ")", null, false, false);
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
