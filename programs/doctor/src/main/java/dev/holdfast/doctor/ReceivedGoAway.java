package dev.holdfast.doctor;

import java.util.Locale;

/**
 * A GOAWAY that a connection received.
 *
 * @param code the error code of HTTP/2
 * @param debug its text, cut short and without control characters
 */
public record ReceivedGoAway(long code, String debug) {
  static final long ENHANCE_YOUR_CALM = 0xb;

  /** Whether it says that the client pinged too often. */
  boolean isTooManyPings() {
    return code == ENHANCE_YOUR_CALM;
  }

  @Override
  public String toString() {
    String name = code == 0 ? "NO_ERROR" : code == ENHANCE_YOUR_CALM ? "ENHANCE_YOUR_CALM" : "";
    String text = debug.isEmpty() ? "" : " \"" + debug + "\"";
    return String.format(Locale.ROOT, "GOAWAY %s%s", name.isEmpty() ? code : name, text);
  }
}
