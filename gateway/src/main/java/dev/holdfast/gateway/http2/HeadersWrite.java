package dev.holdfast.gateway.http2;

import org.jspecify.annotations.Nullable;

/**
 * The write of a request's headers: as long as it has not succeeded, not all of them left this
 * machine and nobody can have processed them.
 */
final class HeadersWrite implements Written {
  private boolean success;
  private @Nullable Throwable cause;

  @Override
  public void onWritten(boolean succeeded) {
    success = succeeded;
  }

  /** They were not even begun. */
  void fail(Throwable why) {
    cause = why;
  }

  boolean isSuccess() {
    return success;
  }

  /** Why they were not begun; null otherwise. */
  @Nullable Throwable cause() {
    return cause;
  }
}
