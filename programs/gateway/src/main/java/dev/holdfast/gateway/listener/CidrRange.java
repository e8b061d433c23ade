package dev.holdfast.gateway.listener;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * An IP network: all addresses with the same leading bits (CIDR, RFC 4632).
 *
 * @param address one of the network's addresses
 * @param bits the length of the prefix
 */
public record CidrRange(InetAddress address, int bits) {
  /** The expected syntax, for error messages. */
  public static final String EXPECTED = "an address or a network such as 10.0.0.0/8";

  /**
   * Parses a network or a single address. An IPv4-mapped IPv6 address (::ffff:10.0.0.1, RFC 4291)
   * becomes an IPv4 address.
   *
   * @param name of the value in its source, for the error
   * @throws IllegalArgumentException naming the value and the expected syntax
   */
  public static CidrRange parse(String name, String text) {
    int slash = text.indexOf('/');
    byte[] written =
        NetUtil.createByteArrayFromIpAddressString(slash < 0 ? text : text.substring(0, slash));
    if (written != null) {
      int most = written.length * Byte.SIZE;
      String bits = slash < 0 ? Integer.toString(most) : text.substring(slash + 1);
      InetAddress address = address(written);
      int mapped = most - address.getAddress().length * Byte.SIZE;
      if (bits.matches("[0-9]{1,3}")
          && Integer.parseInt(bits) <= most
          && Integer.parseInt(bits) >= mapped) {
        return new CidrRange(address, Integer.parseInt(bits) - mapped);
      }
    }
    throw new IllegalArgumentException(name + ": " + text + " (expected: " + EXPECTED + ")");
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("of a length that no address has: " + bytes.length, e);
    }
  }

  /** Whether the network contains an address. */
  public boolean contains(InetAddress other) {
    byte[] known = address.getAddress();
    byte[] asked = other.getAddress();
    if (known.length != asked.length) {
      return false;
    }
    int whole = bits / Byte.SIZE;
    for (int i = 0; i < whole; i++) {
      if (known[i] != asked[i]) {
        return false;
      }
    }
    int rest = Byte.SIZE - bits % Byte.SIZE;
    return rest == Byte.SIZE || (known[whole] & 0xff) >> rest == (asked[whole] & 0xff) >> rest;
  }

  @Override
  public String toString() {
    return address.getHostAddress() + "/" + bits;
  }
}
