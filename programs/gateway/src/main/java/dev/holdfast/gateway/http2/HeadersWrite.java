package dev.holdfast.gateway.http2;

import org.jspecify.annotations.Nullable;

/**
 * The write of a request's headers. Until it succeeds, some of the headers have not left this
 * machine, so no endpoint can have processed the request.
 */
final class HeadersWrite implements Written {
  private boolean success;
  private @Nullable Throwable cause;

  @Override
  public void onWritten(boolean succeeded) {
    success = succeeded;
  }

  /** Records that the write was not begun. */
  void fail(Throwable why) {
    cause = why;
  }

  boolean isSuccess() {
    return success;
  }

  /** The reason why the write was not begun; null if it was. */
  @Nullable Throwable cause() {
    return cause;
  }
}
