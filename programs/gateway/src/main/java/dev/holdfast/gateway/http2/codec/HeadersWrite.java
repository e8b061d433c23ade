package dev.holdfast.gateway.http2.codec;

import org.jspecify.annotations.Nullable;

/**
 * The write of a request's headers. Until it succeeds, some of the headers have not left this
 * machine, so no endpoint can have processed the request.
 */
public final class HeadersWrite implements WriteListener {
  private boolean success;
  private @Nullable Throwable cause;

  @Override
  public void onWritten(boolean succeeded) {
    success = succeeded;
  }

  /** Records that the write was not begun. */
  public void fail(Throwable why) {
    cause = why;
  }

  public boolean isSuccess() {
    return success;
  }

  /** The reason why the write was not begun; null if it was. */
  @Nullable public Throwable cause() {
    return cause;
  }
}
