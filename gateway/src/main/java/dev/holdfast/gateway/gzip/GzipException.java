package dev.holdfast.gateway.gzip;

/** Bytes that are no gzip, or more than a limit lets in when they are inflated. */
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

  /** Whether the bytes are too many, and not wrong. */
  public boolean isTooLarge() {
    return tooLarge;
  }

  /** The message; never null. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
