package dev.holdfast.registry.dns;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * The text form of addresses, as people write them. The JDK writes IPv6 addresses with all their
 * zeros, so that one address from DNS and from a file would become two.
 */
final class AddressText {
  private static final int IPV4_BYTES = 4;

  private AddressText() {}

  /** The address without name or scope, IPv6 in the form of RFC 5952. */
  static String of(InetAddress address) {
    byte[] bytes = address.getAddress();
    return bytes.length == IPV4_BYTES ? address.getHostAddress() : compressed(bytes);
  }

  private static String compressed(byte[] bytes) {
    List<String> groups = new ArrayList<>();
    for (int i = 0; i < bytes.length; i += 2) {
      groups.add(Integer.toHexString((bytes[i] & 0xff) << 8 | (bytes[i + 1] & 0xff)));
    }
    int start = 0;
    int length = 0;
    for (int from = 0; from < groups.size(); from++) {
      int to = from;
      while (to < groups.size() && groups.get(to).equals("0")) {
        to++;
      }
      if (to - from > length) {
        start = from;
        length = to - from;
      }
    }
    if (length < 2) {
      return String.join(":", groups);
    }
    return String.join(":", groups.subList(0, start))
        + "::"
        + String.join(":", groups.subList(start + length, groups.size()));
  }
}
