package dev.holdfast.gateway.gzip;

/** Thrown for malformed gzip, or when the inflated size exceeds a limit. Has no stack trace. */
public final class GzipException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean tooLarge;

  private GzipException(boolean tooLarge, String message) {
    super(message, null, false, false);
    this.tooLarge = tooLarge;
  }

  static GzipException malformed(String what) {
    return new GzipException(false, "gzip: " + what);
  }

  static GzipException tooLarge(int maxBytes) {
    return new GzipException(true, "more than " + maxBytes + " bytes when inflated");
  }

  /** Whether the inflated size exceeds the limit; false for malformed gzip. */
  public boolean isTooLarge() {
    return tooLarge;
  }

  /** The message of the error; never null. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
