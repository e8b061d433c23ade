package dev.holdfast.transcoding.http.openapi;

/** Thrown when an OpenAPI document exceeds its maximum size. */
public final class DocumentTooLargeException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  DocumentTooLargeException(int bytes) {
    super("OpenAPI document: more than %d bytes (expected: <= %d)".formatted(bytes, bytes));
  }
}
