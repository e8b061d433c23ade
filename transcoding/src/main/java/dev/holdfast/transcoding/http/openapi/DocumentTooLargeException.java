package dev.holdfast.transcoding.http.openapi;

/** What is served is more than one document may hold. */
public final class DocumentTooLargeException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  DocumentTooLargeException(int bytes) {
    super("OpenAPI document: more than %d bytes (expected: <= %d)".formatted(bytes, bytes));
  }
}
