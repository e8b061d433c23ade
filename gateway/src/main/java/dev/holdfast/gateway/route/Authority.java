package dev.holdfast.gateway.route;

/** The parts of an authority, found without making a string. */
final class Authority {
  private Authority() {}

  /** Where the host ends: before the port, before a dot at the very end. */
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

  /** Where the first label of a host ends; an address of IPv6 in brackets is one label. */
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
