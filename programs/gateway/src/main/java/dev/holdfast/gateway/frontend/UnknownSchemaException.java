package dev.holdfast.gateway.frontend;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Thrown for a valid request whose cluster has no known schema yet; answered with 503. Has no stack
 * trace.
 */
final class UnknownSchemaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable CompletionStage<?> soon;

  UnknownSchemaException(String what) {
    this(what, null);
  }

  /**
   * An exception with a stage to wait for.
   *
   * @param soon completes when the schema may be known; null when no request is pending
   */
  UnknownSchemaException(String what, @Nullable CompletionStage<?> soon) {
    super(what, null, false, false);
    this.soon = soon;
  }

  @Nullable CompletionStage<?> soon() {
    return soon;
  }
}
