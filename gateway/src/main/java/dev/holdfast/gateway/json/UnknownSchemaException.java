package dev.holdfast.gateway.json;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A request that is as it should be, but comes to a place that is not ready: 503. */
final class UnknownSchemaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable CompletionStage<?> soon;

  UnknownSchemaException(String what) {
    this(what, null);
  }

  /**
   * As above.
   *
   * @param soon completes when it may be known; null when nobody can say
   */
  UnknownSchemaException(String what, @Nullable CompletionStage<?> soon) {
    super(what, null, false, false);
    this.soon = soon;
  }

  @Nullable CompletionStage<?> soon() {
    return soon;
  }
}
