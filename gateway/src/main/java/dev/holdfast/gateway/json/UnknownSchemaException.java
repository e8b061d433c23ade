package dev.holdfast.gateway.json;

/** A request that is as it should be, but comes to a place that is not ready: 503. */
final class UnknownSchemaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UnknownSchemaException(String what) {
    super(what, null, false, false);
  }
}
