package dev.holdfast.gateway.route;

/** The parts of an authority, found without creating strings. */
final class Authority {
  private Authority() {}

  /** The index at which the host ends: before the port, and before a final dot. */
  static int hostEnd(CharSequence authority) {
    int end = authority.length();
    for (int i = end - 1; i >= 0; i--) {
      char c = authority.charAt(i);
      if (c == ':') {
        end = i;
        break;
      }
      if (c < '0' || c > '9') {
        break;
      }
    }
    return end > 1 && authority.charAt(end - 1) == '.' ? end - 1 : end;
  }

  /**
   * The index at which the first label of a host ends; an IPv6 address in brackets is one label.
   */
  static int labelEnd(CharSequence authority, int hostEnd) {
    if (hostEnd > 0 && authority.charAt(0) == '[') {
      return hostEnd;
    }
    for (int i = 0; i < hostEnd; i++) {
      if (authority.charAt(i) == '.') {
        return i;
      }
    }
    return hostEnd;
  }
}
