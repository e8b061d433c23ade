package dev.holdfast.transcoding.schema;

/** Descriptors that make no schema, with the file or type that is wrong. */
public final class InvalidSchemaException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  InvalidSchemaException(String message) {
    super(message);
  }

  InvalidSchemaException(String message, Throwable cause) {
    super(message, cause);
  }
}
